import { TwinbankError } from '../../diagnostics/error.ts';
import type { Agent } from '../../runtime/agents/agent.ts';
import type { FileTree } from '../components/file-tree.ts';

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** For people. */
  readonly fullName: string;
  readonly shell: string;
}

const nobody = 65_534;
const account = (name: string, uid: number, gid: number, fullName: string): Account => ({
  name,
  uid,
  gid,
  fullName,
  shell: name === 'root' ? '/bin/sh' : '/bin/false',
});

/** The users of every system (docs/vmkd.md#users), those with a number below the agents' first. */
const before = [
  account('root', 0, 0, 'Administrator'),
  account('dcui', 100, 100, 'DCUI'),
  account('vpxuser', 500, 100, 'Central manager'),
];
const after = [account('nobody', nobody, nobody, 'Nobody')];

interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: string;
}

/** Its groups. An agent's group has the number of its user, from 101, so these have others. */
const groups: readonly Group[] = [
  { name: 'root', gid: 0, members: 'root' },
  { name: 'tty', gid: 5, members: '' },
  // May use the DCUI.
  { name: 'localadmin', gid: 50, members: 'dcui' },
  { name: 'users', gid: 100, members: '' },
  { name: 'nogroup', gid: nobody, members: '' },
];

/**
 * `etc/passwd`, `etc/shadow` and `etc/group` (passwd(5), shadow(5), group(5)) of a system with these agents. Root's
 * password is empty until somebody sets it; nobody else has one. Throws `agents.accounts` (kind `internal`) where two have one name or number.
 */
export function accountFiles(
  agents: readonly Pick<Agent, 'name' | 'description' | 'user'>[],
): FileTree {
  const own = agents.flatMap(({ name, description, user }) =>
    user ? [account(name, user.uid, user.gid, description)] : [],
  );
  const accounts = [...before, ...own, ...after];
  const ownGroups = own.map(({ name, gid }): Group => ({ name, gid, members: '' }));
  const allGroups = [...groups.slice(0, -1), ...ownGroups, ...groups.slice(-1)];
  assertDiffer(
    'user',
    accounts.map(({ name, uid }) => [name, uid]),
  );
  assertDiffer(
    'group',
    allGroups.map(({ name, gid }) => [name, gid]),
  );
  const file = (lines: readonly string[]) => {
    const data = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    return { type: 'file', mode: 0o644, data } as const;
  };
  return new Map([
    [
      'etc/passwd',
      file(
        accounts.map(
          ({ name, uid, gid, fullName, shell }) => `${name}:x:${uid}:${gid}:${fullName}:/:${shell}`,
        ),
      ),
    ],
    [
      'etc/shadow',
      file(accounts.map(({ name }) => `${name}:${name === 'root' ? '' : '!'}:::::::`)),
    ],
    ['etc/group', file(allGroups.map(({ name, gid, members }) => `${name}:x:${gid}:${members}`))],
  ]);
}

function assertDiffer(
  what: string,
  all: readonly (readonly [name: string, number: number])[],
): void {
  for (const [index, [name, number]] of all.entries()) {
    const other = all.slice(0, index).find((one) => one[0] === name || one[1] === number);
    if (!other) continue;
    throw new TwinbankError(
      'internal',
      'agents.accounts',
      `${what} ${name}: expected a name and a number of its own, found ${other[0]} with one of them (${number})`,
    );
  }
}
