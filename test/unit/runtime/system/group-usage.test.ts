import { describe, expect, it } from 'vitest';
import { readGroupUsage } from '../../../../src/runtime/system/group-usage.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';

describe('K2: what a control group takes', () => {
  it('is read from its files', () => {
    const folder = temporaryFiles({
      'memory.current': '20971520\n',
      'memory.peak': '31457280\n',
      'memory.max': 'max\n',
      'memory.swap.current': '0\n',
      'memory.min': '1048576\n',
      'memory.events': 'low 0\noom_kill 2\n',
      'cpu.weight': '200\n',
      'cpu.stat': 'usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n',
      'pids.current': '12\n',
      'pids.max': '64\n',
    });
    expect(readGroupUsage(folder)).toEqual({
      memory: {
        ...{ current: 20971520, peak: 31457280, max: null, swap: 0 },
        ...{ reserved: 1 << 20, ended: 2 },
      },
      cpuWeight: 200,
      processorSeconds: 2.5,
      processes: { current: 12, max: 64 },
    });
  });

  it('is unknown where there is no such group', () => {
    const unknown = { current: null, max: null };
    expect(readGroupUsage('/nowhere/group')).toEqual({
      memory: { ...unknown, peak: null, swap: null, reserved: null, ended: null },
      cpuWeight: null,
      processorSeconds: null,
      processes: unknown,
    });
  });
});
