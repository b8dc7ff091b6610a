import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wrappingCounter } from '../../../src/disk/wrapping-counter.ts';

const small = wrappingCounter(10);
const large = wrappingCounter(Number.MAX_SAFE_INTEGER);
const numbers = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

describe('a counter that goes round', () => {
  it('goes on with 1 behind the last', () => {
    expect([0, 1, 9, 10, 11].map(small.next)).toEqual([1, 2, 10, 1, 1]);
    expect(large.next(Number.MAX_SAFE_INTEGER)).toBe(1);
  });

  it('counts steps over the end', () => {
    expect(small.stepsBehind(9, 2)).toBe(3);
    expect(small.stepsBehind(2, 9)).toBe(7);
    expect(small.stepsBehind(4, 4)).toBe(0);
  });

  it.each([
    [[3, 4, 10], 4],
    [[10, 3, 4], 4],
    [[8, 9, 10], 10],
    [[9, 10, 1], 1],
    [[1, 10, 2, 9], 2],
    [[10], 10],
    [[0, 7], 7],
    [[], 0],
  ])('takes of %j %d for the newest', (all, newest) => {
    expect(small.newest(all)).toBe(newest);
  });

  it('takes the next number for newer than the one before', () => {
    fc.assert(
      fc.property(numbers, (one) => {
        const next = large.next(one);
        expect(large.newest([one, next])).toBe(next);
        expect(large.newest([next, one])).toBe(next);
        expect(large.stepsBehind(one, next)).toBe(1);
      }),
    );
  });

  it('has the same newest in whatever order the numbers come', () => {
    fc.assert(
      fc.property(fc.uniqueArray(numbers, { minLength: 1, maxLength: 6 }), (all) => {
        const newest = large.newest(all);
        expect(all).toContain(newest);
        expect(large.newest(all.toReversed())).toBe(newest);
      }),
    );
  });
});
