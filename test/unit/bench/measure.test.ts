import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { BenchContext, BenchRow, Contest } from '../../bench/bench-row.ts';
import { measure } from '../../bench/measure.ts';

const context: BenchContext = { folder: '', root: '', program: '', report: () => {} };

function rowOf(contest: Contest): BenchRow {
  return {
    name: 'row',
    meaning: '',
    runs: 2,
    target: { seconds: 1 },
    setUp: async () => contest,
  };
}

describe('a row of the benchmark', () => {
  it('counts the time that its own side has taken, where it says so, and not the first run', async () => {
    const times = [900, 7, 5];
    const result = await measure(rowOf({ ours: async () => times.shift() }), context);
    expect(result.oursMs).toEqual([7, 5]);
  });

  it('takes the time itself otherwise, and ends what was set up', async () => {
    let isOver = false;
    const contest: Contest = {
      ours: () => pause(20, undefined),
      theirs: async () => {},
      tearDown: async () => {
        isOver = true;
      },
    };
    const { oursMs, theirsMs } = await measure(rowOf(contest), context);
    expect([...oursMs, theirsMs.length].every((value) => value >= 2)).toBe(true);
    expect(Math.min(...oursMs)).toBeGreaterThan(15);
    expect(isOver).toBe(true);
  });
});
