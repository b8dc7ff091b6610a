import { describe, expect, it } from 'vitest';
import {
  listText,
  parseArguments,
  statsText,
} from '../../../../../src/runtime/vmkernel/agents/worlds-text.ts';

describe('K6: the command worlds', () => {
  it('asks for the list, the statistics, or one world to begin again', () => {
    expect(parseArguments(['list'])).toEqual({ command: 'list', params: {}, json: false });
    expect(parseArguments(['--json', 'stats'])).toMatchObject({ command: 'stats', json: true });
    expect(parseArguments(['restart', 'cim'])).toMatchObject({ params: { name: 'cim' } });
  });

  it.each([
    [[], 'expected list, stats or restart, found none'],
    [['stop'], 'expected list, stats or restart, found stop'],
    [['list', 'cim'], 'list: expected nothing more, found cim'],
    [['restart'], 'restart: expected the NAME of one world'],
    [['restart', 'cim', 'lamp'], 'restart: expected the NAME of one world'],
    [['list', '--all'], 'unknown option --all'],
  ])('refuses %j', (args, why) => {
    expect(parseArguments(args)).toBe(why);
  });

  it('shows a line for each world, and how it ended last', () => {
    const why = 'it ended with exit code 3';
    const down = { name: 'lamp', user: 'lamp', state: 'failed', pid: null, restarts: 9 } as const;
    const up = { ...down, name: 'cim', user: 'cim', state: 'running', pid: 200 } as const;
    const worlds = [
      { ...up, restarts: 0, problem: null, lastEnd: null },
      { ...down, problem: `${why}; it stays down`, lastEnd: { why, time: 1000 } },
    ];
    expect(listText({ worlds }, 1300).split('\n')).toEqual([
      'WORLD  USER  STATE    PID  RESTARTS  LAST END',
      'cim    cim   running  200  0         -',
      `lamp   lamp  failed   -    9         5 min ago: ${why}; now: ${why}; it stays down`,
    ]);
  });

  it('K2: shows what worlds and pools take', () => {
    const cim = {
      name: 'cim',
      memory: {
        current: 30 << 20,
        peak: 31.5 * (1 << 20),
        max: 512 << 20,
        swap: 0,
        reserved: 0,
        ended: 0,
      },
      cpuWeight: 100,
      processorSeconds: 1.25,
      processes: { current: 12, max: 256 },
      connections: { made: 0, refused: 0 },
    };
    const unknown = {
      name: 'vm',
      memory: { current: null, peak: null, max: null, swap: null, reserved: null, ended: null },
      cpuWeight: null,
      processorSeconds: null,
      processes: { current: null, max: null },
    };
    const table = [
      'WORLD    MEMORY MiB  PEAK  LIMIT  SWAP  PROCESSOR s  PROCESSES  LIMIT',
      'cim      30.0        31.5  512.0  0.0   1.3          12         256',
      'pool vm  ?           ?     -      ?     ?            ?          -',
    ];
    const stats = { worlds: [cim], pools: [unknown] };
    expect(statsText({ ...stats, swap: null }).split('\n')).toEqual(table);
    const swap = { path: '/scratch/worlds.swap', size: 256 << 20, used: 3.5 * (1 << 20) };
    expect(statsText({ ...stats, swap }).split('\n')).toEqual([
      ...table,
      'swap: 3.5 of 256.0 MiB in /scratch/worlds.swap',
    ]);
  });
});
