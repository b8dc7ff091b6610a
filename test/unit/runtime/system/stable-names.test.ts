import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stableNumbers } from '../../../../src/runtime/system/stable-names.ts';

describe('B4: numbers of devices by their path', () => {
  it('begin in the order of the paths', () => {
    expect(stableNumbers({}, ['b', 'a', 'c', 'a'])).toEqual({ a: 0, b: 1, c: 2 });
  });

  it('stay when a device comes before the others, and when one has gone and comes back', () => {
    const first = stableNumbers({}, ['b', 'd']);
    const more = stableNumbers(first, ['a', 'b', 'd']);
    expect(more).toEqual({ b: 0, d: 1, a: 2 });
    const without = stableNumbers(more, ['a', 'd']);
    expect(stableNumbers(without, ['b', 'c', 'd'])).toEqual({ a: 2, b: 0, c: 3, d: 1 });
  });

  it('are those of other devices never, whatever comes and goes', () => {
    const paths = fc.array(fc.constantFrom(...'abcdefgh'), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(paths, { maxLength: 6 }), (boots) => {
        let known = {};
        for (const present of boots) {
          const before: Record<string, number> = known;
          const now: Record<string, number> = stableNumbers(before, present);
          for (const [path, number] of Object.entries(before)) expect(now[path]).toBe(number);
          expect(new Set(Object.values(now)).size).toBe(Object.keys(now).length);
          for (const path of present) expect(now[path]).toBeTypeOf('number');
          known = now;
        }
      }),
    );
  });

  it('of devices that have gone long ago are forgotten when there are too many', () => {
    const old = Object.fromEntries(Array.from({ length: 256 }, (_, at) => [`old${at}`, at]));
    const now = stableNumbers(old, ['new', 'old0']);
    expect(Object.keys(now)).toHaveLength(256);
    expect(now).toMatchObject({ new: 256, old0: 0, old255: 255 });
    expect(now).not.toHaveProperty('old1');
  });
});
