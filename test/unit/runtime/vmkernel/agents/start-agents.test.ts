import { expect, test } from 'vitest';
import { anything } from '../../../../../src/protocol/form.ts';
import type { Agent, AgentHost, AgentSettings } from '../../../../../src/runtime/agents/agent.ts';
import type { Program } from '../../../../../src/runtime/system/start-program.ts';
import type { supervise } from '../../../../../src/runtime/system/supervisor.ts';
import { startAgents } from '../../../../../src/runtime/vmkernel/agents/start-agents.ts';

const row = (name: string, more: Partial<Agent> = {}): Agent => ({
  name,
  description: name,
  program: { path: `/usr/bin/${name}`, args: ({ hostname = 'none' }) => ['-h', hostname] },
  ...more,
});

/** Agents of which nothing is started, and all that was done with them. */
function started(
  rows: readonly Agent[],
  dead = false,
  hangs: readonly string[] = [],
  learnt: AgentSettings['learnt'] = { timeServers: [] },
  restarts: Readonly<Record<string, Promise<string | undefined>>> = {},
) {
  const events: string[] = [];
  const dumps: (readonly string[])[] = [];
  const programs: Program[] = [];
  const heard = new Map<string, Parameters<typeof supervise>[1]>();
  const agents = startAgents({
    rows,
    dead,
    settings: () => ({ hostname: 'esx1', learnt }),
    host: ({ name }, report, grant) => ({ makeFolder: () => name, report, grant }) as AgentHost,
    report: (line) => void events.push(line),
    restartTimeoutMs: 20,
    keepDump: ({ name, why, lines }) => {
      dumps.push([name, why, ...lines]);
      if (name === 'syslog') throw new Error('no room');
    },
    makeGroup: (name, { memoryMax, pidsMax }) => `${name}/${memoryMax >> 20}/${pidsMax}`,
    start: (program, supervision) => {
      programs.push(program);
      heard.set(program.name, supervision);
      events.push(`start ${program.name}`);
      return {
        name: program.name,
        problem: () => undefined,
        report: () => ({
          state: supervision?.wanted?.() === false ? 'idle' : 'running',
          ...{ pid: 1, restarts: 0, lastEnd: undefined },
        }),
        settled: Promise.resolve(),
        restart: () => {
          events.push(`restart ${program.name}`);
          return restarts[program.name] ?? Promise.resolve(undefined);
        },
        stop: () => {
          events.push(`stop ${program.name}`);
          return hangs.includes(program.name) ? new Promise(() => {}) : Promise.resolve();
        },
      };
    },
  });
  return { agents, events, programs, heard, dumps };
}

test('prepares and starts agents in their order, and stops them in the reverse of it', async () => {
  const prepare = (host: AgentHost) => host.report(`prepared in ${host.makeFolder()}`);
  const { agents, events } = started([row('syslog'), row('lamp', { prepare })]);
  await agents.stop();
  expect(events).toEqual([
    'start syslog',
    'agent lamp: prepared in lamp',
    'start lamp',
    'stop lamp',
    'stop syslog',
  ]);
  expect(agents.list.map(({ name }) => name)).toEqual(['syslog', 'lamp']);
});

test('K1: starts an agent once those that it depends on run or have failed, and the others at once', async () => {
  const { heard } = started([row('syslog'), row('bulb'), row('lamp', { dependsOn: ['syslog'] })]);
  expect(heard.get('bulb')).not.toHaveProperty('after');
  const after = heard.get('lamp')?.after;
  expect(after?.names).toEqual(['syslog']);
  await after?.ready;
});

test('stops those that no hanging agent depends on, and keeps back those that one does', async () => {
  const rows = [row('syslog'), row('bulb'), row('lamp', { dependsOn: ['syslog'] }), row('cim')];
  const { agents, events } = started(rows, false, ['cim', 'lamp']);
  void agents.stop();
  await new Promise(setImmediate);
  expect(events.slice(4)).toEqual(['stop cim', 'stop lamp', 'stop bulb']);
});

test('starts an agent whose preparation fails all the same', () => {
  const prepare = () => {
    throw new Error('no bus');
  };
  const { events } = started([row('lamp', { prepare })]);
  expect(events).toEqual(['agent lamp: no bus', 'start lamp']);
});

test('restarts those that read a setting which has changed, and no others', async () => {
  const { agents, events } = started([row('lamp', { restartOn: ['hostname'] }), row('syslog')]);
  await agents.applySettings(['ntp']);
  expect(await agents.applySettings(['hostname'])).toEqual({ failed: [], restarting: [] });
  expect(events.slice(2)).toEqual(['restart lamp']);
});

test('P7: starts those anew that the network has said something else to, and no others', () => {
  const learnt = { timeServers: [] as string[] };
  const timeServers = (settings: AgentSettings) => settings.learnt?.timeServers ?? [];
  const program = { path: '/usr/bin/clock', args: timeServers };
  const idle = { when: (now: AgentSettings) => timeServers(now).length === 0, answers: {} };
  const rows = [
    row('clock', { restartOn: ['learnt'], program, idle }),
    row('lamp', { restartOn: ['learnt'] }),
    row('bulb', { program }),
  ];
  const { agents, events, programs } = started(rows, false, [], learnt);
  const begin = (): void => {
    for (const { args } of programs) if (typeof args === 'function') args();
  };
  begin();
  agents.applyLearnt();
  learnt.timeServers = ['10.0.0.1'];
  agents.applyLearnt();
  expect(events.splice(0).slice(3)).toEqual(['restart clock']);
  begin();
  agents.applyLearnt();
  expect(events).toEqual([]);
  learnt.timeServers = ['10.0.0.2'];
  agents.applyLearnt();
  expect(events.splice(0)).toEqual(['restart clock']);
});

test('waits for those that it restarts, and says which fail or do not run in time', async () => {
  const rows = [
    row('lamp', { restartOn: ['hostname'] }),
    row('bulb', { restartOn: ['hostname', 'ntp'] }),
    row('cim', { restartOn: ['ntp'] }),
  ];
  let runs = (_problem?: string) => {};
  const restarts: Record<string, Promise<string | undefined>> = {
    lamp: new Promise((resolve) => {
      runs = resolve;
    }),
    bulb: Promise.resolve('it ended with exit code 1'),
    cim: Promise.resolve(undefined),
  };
  const { agents } = started(rows, false, [], undefined, restarts);
  const failed = ['agent bulb: it ended with exit code 1'];
  expect(await agents.applySettings(['hostname'])).toEqual({ failed, restarting: ['lamp'] });
  // What somebody else has begun for another setting is nothing to wait for.
  expect(await agents.applySettings(['ntp'])).toEqual({ failed, restarting: [] });
  expect(await agents.applySettings(['hostname'])).toEqual({ failed, restarting: ['lamp'] });
  runs();
  await new Promise(setImmediate);
  expect(await agents.applySettings(['syslog'])).toEqual({ failed: [], restarting: [] });
});

test('gives a program its user, and its arguments by the settings of the moment', () => {
  const user = { uid: 142, gid: 142 };
  const forwards = { look: anything };
  const { programs, heard, events, dumps } = started([
    row('lamp', { user, forwards, descriptorsMax: 2048 }),
    row('syslog'),
  ]);
  const [lamp, syslog] = programs;
  const words = (program?: Program) => typeof program?.args === 'function' && program.args();
  // Root's programs have a group for their limits, and nothing else around them.
  expect(syslog?.path).toBe('/bin/sh');
  expect(words(syslog)).toEqual([
    ...[
      '-c',
      'files=$2; echo 0 >"$1/cgroup.procs" && echo 0 >/proc/self/oom_score_adj && ulimit -n "$files" && shift 2 && exec "$@"',
      ...['syslog', 'syslog/128/64', '1024'],
    ],
    ...['/usr/bin/syslog', '-h', 'esx1'],
  ]);
  // Into its group first, which takes rights; then they are given up, and bwrap is what remains.
  const shell = expect.stringMatching(
    /cgroup.procs" && echo 0 >\/proc\/self\/oom_score_adj && ulimit -n "\$files" &&\nexec su -p -s \/usr\/bin\/bwrap "\$0" /,
  );
  expect(lamp?.path).toBe('/bin/sh');
  const said = words(lamp) || [];
  expect(said.slice(0, 6)).toEqual([
    ...['-c', shell, 'lamp', 'lamp/128/64', '2048', '/usr/lib/twinbank/lamp.seccomp'],
  ]);
  expect(said.slice(said.indexOf('--'))).toEqual(['--', '/usr/bin/lamp', '-h', 'esx1']);
  // What is asked of it comes by a socket that it cannot give another name.
  expect(lamp?.socket).toBe('/run/twinbank/lamp/lamp.sock');
  expect(syslog).not.toHaveProperty('socket');
  heard.get('lamp')?.onOutput?.(Buffer.from('it is\ndark\n'));
  heard.get('lamp')?.onEnd?.('it ended with exit code 1');
  expect(events.slice(2)).toEqual([
    'agent lamp: it is',
    'agent lamp: dark',
    'agent lamp: it ended with exit code 1',
  ]);
  heard.get('syslog')?.onEnd?.('it ended with exit code 2');
  expect(events.slice(5)).toEqual([
    'agent syslog: it ended with exit code 2',
    'agent syslog: no room',
  ]);
  expect(dumps).toEqual([
    ['lamp', 'it ended with exit code 1', 'it is', 'dark'],
    ['syslog', 'it ended with exit code 2'],
  ]);
  // Root's programs have a console of their own.
  expect(heard.get('syslog')).not.toHaveProperty('onOutput');
});

test('starts a program that ends at once where the fault asks for it', () => {
  const args = started([row('lamp')], true).programs[0]?.args;
  expect(typeof args === 'function' && args()).toContain('/bin/false');
});

test('K6: gives a program a connection where its row lists methods of vmkd, and says which there are not', () => {
  const { agents, programs, events } = started([
    row('lamp', { vmkd: ['status', 'lamps'] }),
    row('bulb'),
  ]);
  expect(programs.map(({ connection }) => typeof connection)).toEqual(['function', 'undefined']);
  agents.offer({ status: () => ({}) });
  expect(events.slice(2)).toEqual(['agent lamp: vmkd has no method lamps']);
});

test('lets a world see what its user was given, and have the limits of its row', () => {
  const prepare = (host: AgentHost) => void host.grant('/dev/ipmi0');
  const limits = { user: { uid: 142, gid: 142 }, memoryMax: 32 << 20, pidsMax: 20 };
  const { programs } = started([row('lamp', { ...limits, prepare })]);
  const args = programs[0]?.args;
  const said = typeof args === 'function' ? args().join(' ') : '';
  expect(said).toContain(' lamp/32/20 ');
  expect(said).toContain(' --dev-bind-try /dev/ipmi0 /dev/ipmi0 ');
});

test('K6: gives a channel to those that talk and to those that they talk to, and to nobody else', () => {
  const { programs, agents } = started([
    row('lamp', { talksTo: ['bell'] }),
    row('bell'),
    row('cim'),
  ]);
  expect(programs.map(({ handover, connection }) => [handover, connection].map(Boolean))).toEqual([
    [true, true],
    [true, false],
    [false, false],
  ]);
  expect(agents.connections('lamp')).toEqual({ made: 0, refused: 0 });
});
