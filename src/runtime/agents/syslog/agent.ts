import { type Agent, nodeProgram } from '../agent.ts';
import { answerForms, targetProblem } from './answer-forms.ts';
import { logFolder, logLimits } from './log-files.ts';
import { setupArgument } from './setup.ts';

/** The descriptors of what the row `opens`, in its order, after the agent's own socket. */
export const descriptors = { programs: 4, kernelLog: 5 };

/** The log of the host: a user of its own without rights, which keeps the files and sends to other hosts. */
export const syslog: Agent = {
  name: 'syslog',
  description: 'System log',
  lost: 'log messages are kept nowhere and not sent anywhere',
  user: { uid: 101, gid: 101 },
  network: 'outgoing',
  opens: [{ listen: '/dev/log' }, { read: '/dev/kmsg' }],
  writes: { path: logFolder, bytes: logLimits.folderBytes },
  // The files count, too.
  memoryMax: 128 << 20,
  pidsMax: 32,
  entries: {
    syslog: 'main.ts',
    // What the command `logread` runs.
    'syslog-command': 'command.ts',
  },
  program: nodeProgram('syslog', { heapMiB: 48 }, (settings) => [setupArgument(settings)]),
  restartOn: ['hostname', 'syslog'],
  prepare: (host) => void host.makeFolder(),
  forwards: answerForms,
  health: { check: 'log', method: 'status', problem: targetProblem },
  support: [
    { file: 'logs/status.json', method: 'status' },
    // As much as a file of the bundle may have.
    { file: 'logs/newest.log', program: ['/usr/bin/logread', '--newest'] },
  ],
};
