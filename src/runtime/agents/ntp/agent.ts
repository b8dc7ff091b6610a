import { type Agent, nodeProgram } from '../agent.ts';
import { setupArgument, setupOf } from './setup.ts';
import { clockProblem, idleStatus, statusForm } from './status.ts';

/** Where chronyd keeps the drift of the clock: it outlives the agent, and goes with the power. */
export const ntpFolder = '/var/lib/ntp';

/** The time of the host: chronyd, with the one right that it needs. */
export const ntp: Agent = {
  name: 'ntp',
  description: 'Time',
  lost: 'the clock is not set by time servers',
  user: { uid: 106, gid: 106 },
  network: 'outgoing',
  capabilities: ['sys_time'],
  writes: { path: ntpFolder, bytes: 1 << 20 },
  memoryMax: 96 << 20,
  pidsMax: 24,
  entries: { ntp: 'main.ts' },
  program: nodeProgram('ntp', { heapMiB: 24 }, (settings) => [setupArgument(settings)]),
  restartOn: ['ntp', 'learnt'],
  idle: {
    when: (settings) => setupOf(settings).servers.length === 0,
    answers: { status: idleStatus },
  },
  prepare: (host) => void host.makeFolder(),
  forwards: { status: statusForm },
  health: { check: 'time', method: 'status', problem: clockProblem },
  support: [{ file: 'ntp.json', method: 'status' }],
};
