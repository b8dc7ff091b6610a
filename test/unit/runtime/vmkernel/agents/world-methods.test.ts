import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  worldRestartForm,
  worldsListForm,
  worldsStatsForm,
} from '../../../../../src/hostcore/world-answers.ts';
import type { ProgramReport } from '../../../../../src/runtime/system/program-life.ts';
import { worldMethods } from '../../../../../src/runtime/vmkernel/agents/world-methods.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

const runs: ProgramReport = { state: 'running', pid: 200, restarts: 0, lastEnd: undefined };

function methods(restart: () => Promise<string | undefined> = async () => undefined) {
  const groups = temporaryFiles({
    'system/worlds/cim/memory.current': '1048576\n',
    'system/worlds/cim/cpu.stat': 'usage_usec 1500000\n',
    'system/memory.current': '2097152\n',
  });
  const lastEnd = { why: 'it ended with exit code 3', time: 1_700_000_000_999 };
  return worldMethods({
    rows: [{ name: 'cim', user: { uid: 110, gid: 110 } }, { name: 'syslog' }],
    running: [
      { name: 'cim', problem: () => undefined, report: () => runs, restart },
      {
        name: 'syslog',
        problem: () => lastEnd.why,
        report: () => ({ state: 'pausing', pid: undefined, restarts: 4, lastEnd }),
        restart,
      },
    ],
    connections: (name) => ({ made: name.length, refused: 1 }),
    swap: () => ({ path: '/scratch/worlds.swap', size: 8192, used: 4096 }),
    groups: join(groups),
    restartTimeoutMs: 20,
  });
}

describe('K6: the worlds as vmkd tells of them', () => {
  it('are listed with their users, their states and their last ends', () => {
    const { worlds } = worldsListForm(methods()['worlds.list']?.({}), 'answer');
    expect(worlds).toEqual([
      {
        ...{ name: 'cim', user: 'cim', state: 'running', pid: 200, problem: null, restarts: 0 },
        lastEnd: null,
      },
      {
        ...{ name: 'syslog', user: 'root', state: 'pausing', pid: null, restarts: 4 },
        problem: 'it ended with exit code 3',
        lastEnd: { why: 'it ended with exit code 3', time: 1_700_000_000 },
      },
    ]);
  });

  it('K2: are told of by what they take, world by world and pool by pool', () => {
    const { worlds, pools, swap } = worldsStatsForm(methods()['worlds.stats']?.({}), 'answer');
    expect(worlds.map((one) => [one.name, one.memory.current, one.processorSeconds])).toEqual([
      ['cim', 1 << 20, 1.5],
      ['syslog', null, null],
    ]);
    expect(worlds.map((one) => one.connections)).toEqual([
      { made: 3, refused: 1 },
      { made: 6, refused: 1 },
    ]);
    expect(pools.map((one) => [one.name, one.memory.current])).toEqual([
      ['system', 2 << 20],
      ['vm', null],
    ]);
    expect(swap).toEqual({ path: '/scratch/worlds.swap', size: 8192, used: 4096 });
  });

  it('are started again by name, and told of when they run', async () => {
    const answer = await methods()['worlds.restart']?.({ name: 'cim' });
    expect(worldRestartForm(answer, 'answer')).toEqual({ name: 'cim', state: 'running' });
  });

  it('are refused by another name, and told of when they do not run', async () => {
    const restart = async (name: unknown, wait?: () => Promise<string | undefined>) =>
      methods(wait)['worlds.restart']?.({ name });
    await expect(restart('lamp')).rejects.toMatchObject({
      code: 'usage',
      message: 'name: expected cim, syslog, found "lamp"',
    });
    await expect(restart('cim', async () => 'it ended with exit code 3')).rejects.toMatchObject({
      code: 'worlds.down',
      message: 'cim: it ended with exit code 3',
    });
    await expect(restart('cim', () => new Promise(() => {}))).rejects.toMatchObject({
      code: 'worlds.down',
      message: 'cim: it does not run after 0.02 s',
    });
  });
});
