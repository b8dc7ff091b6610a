import type { Agent } from '../agent.ts';

/** The log of the host: busybox's syslogd, nothing of it is bundled. */
export const syslog: Agent = {
  name: 'syslog',
  description: 'System log',
  lost: 'log messages are not sent anywhere',
  program: {
    path: '/sbin/syslogd',
    // A ring of 512 KiB, read by logread: Debian's busybox cannot rotate files, and memory is all there is.
    // With -R messages go to other hosts, with -L into the ring as well.
    args: (settings) => {
      const targets = settings.syslog?.targets ?? [];
      const remote = targets.flatMap((target) => ['-R', target]);
      return ['-n', '-C512', ...remote, ...(remote.length > 0 ? ['-L'] : [])];
    },
  },
  restartOn: ['syslog'],
  support: [{ file: 'syslog.txt', program: ['/sbin/logread'] }],
};
