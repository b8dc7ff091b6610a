import type { Settings } from '../../state/settings.ts';

/** A program of the bank that vmkd keeps running. */
export interface AgentProgram {
  readonly path: string;
  /** The user that it runs as; root where there is none. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** By the settings of the moment at which it is started. */
  args(settings: Partial<Settings>): string[];
}

/** As `etc/passwd` of the image has it. */
export const cimUser = { uid: 110, gid: 110 };

/**
 * The agents that are programs of the bank, by the names that a recipe uses. vmkd itself is not among them:
 * it is what supervises them.
 */
export const agentPrograms: Readonly<Record<string, AgentProgram>> = {
  // A ring of 512 KiB, read by logread: Debian's busybox cannot rotate files, and memory is all there is.
  // With -R messages go to other hosts, with -L into the ring as well.
  syslog: {
    path: '/sbin/syslogd',
    args: ({ syslog }) => {
      const targets = syslog?.targets ?? [];
      const remote = targets.flatMap((target) => ['-R', target]);
      return ['-n', '-C512', ...remote, ...(remote.length > 0 ? ['-L'] : [])];
    },
  },
  // The object manager of CIM: a user of its own, which can get no further rights by any program that it starts.
  cim: {
    path: '/bin/setpriv',
    user: cimUser,
    args: () => ['--nnp', '/usr/bin/node', '--max-old-space-size=64', '/usr/lib/twinbank/cim.mjs'],
  },
};
