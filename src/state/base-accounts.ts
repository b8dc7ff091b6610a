import type { SystemAccounts } from './account-lines.ts';

const nobody = 65_534;

/** The users and groups of every system (docs/vmkd.md#users), beside those of its agents. */
export const baseAccounts: SystemAccounts = {
  users: [
    { name: 'root', uid: 0, gid: 0, fullName: 'Administrator' },
    { name: 'dcui', uid: 100, gid: 100, fullName: 'DCUI' },
    { name: 'vpxuser', uid: 500, gid: 100, fullName: 'Central manager' },
    { name: 'nobody', uid: nobody, gid: nobody, fullName: 'Nobody' },
  ],
  // An agent's group has the number of its user, from 101, so these have others.
  groups: [
    { name: 'root', gid: 0, members: ['root'] },
    { name: 'tty', gid: 5, members: [] },
    // May use the DCUI.
    { name: 'localadmin', gid: 50, members: ['dcui'] },
    { name: 'users', gid: 100, members: [] },
    { name: 'nogroup', gid: nobody, members: [] },
  ],
};
