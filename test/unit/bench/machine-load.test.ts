import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  ownProcessorMs,
  parseMachineTime,
  parseProcessMs,
  shareOfOthers,
} from '../../bench/machine-load.ts';

describe('what else a machine does while the benchmark measures', () => {
  it('is read from the first line of /proc/stat, where guests are counted in user time already', () => {
    const stat = 'cpu  100 20 30 800 40 5 5 0 70 10\ncpu0 1 2 3 4\n';
    expect(parseMachineTime(stat)).toEqual({ busyMs: 1600, totalMs: 10_000 });
  });

  it('leaves out the processor time of a process and its children, whatever the process is called', () => {
    const fields = ['S', ...'1 1 1 0 -1 4194304 1 2 3 4 7 3 20 10 20 0'.split(' ')];
    expect(parseProcessMs(`42 (a ) b (c) ${fields.join(' ')}`)).toBe(400);
  });

  it('is the share of all cores: a fifth where half is used and three tenths are ours', () => {
    const [begun, ended] = [
      { busyMs: 1000, totalMs: 10_000 },
      { busyMs: 1500, totalMs: 11_000 },
    ];
    expect(shareOfOthers(begun, ended, 300)).toBeCloseTo(0.2);
    expect(shareOfOthers(begun, ended, 600)).toBe(0);
    expect(shareOfOthers(begun, begun, 0)).toBe(0);
  });

  it('counts a program that this process ran and that has ended', () => {
    const before = ownProcessorMs();
    const spin = 'const begun = process.cpuUsage(); while (process.cpuUsage(begun).user < 60e3);';
    spawnSync(process.execPath, ['-e', spin]);
    expect(ownProcessorMs() - before).toBeGreaterThanOrEqual(50);
  });
});
