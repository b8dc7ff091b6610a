import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepsBetween } from '../../../src/compare/sequence.ts';

const words = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });

describe('the steps from one sequence to another', () => {
  it('lead from the one to the other, each word once', () => {
    fc.assert(
      fc.property(words, words, (a, b) => {
        const steps = stepsBetween(a, b);
        const left = steps.flatMap((one) => (one.step === 'added' ? [] : [one.a]));
        const right = steps.flatMap((one) => (one.step === 'removed' ? [] : [one.b]));
        expect(left).toEqual([...a.keys()]);
        expect(right).toEqual([...b.keys()]);
        for (const one of steps) if (one.step === 'same') expect(a[one.a]).toBe(b[one.b]);
      }),
    );
  });

  it('are none between equal ones, and the same seen from the other side', () => {
    fc.assert(
      fc.property(words, words, (a, b) => {
        expect(stepsBetween(a, [...a]).every(({ step }) => step === 'same')).toBe(true);
        const kept = (x: string[], y: string[]) =>
          stepsBetween(x, y).flatMap((one) => (one.step === 'same' ? [[one.a, one.b]] : []));
        expect(kept(b, a)).toEqual(kept(a, b).map(([left, right]) => [right, left]));
      }),
    );
  });

  it('keep as many words as a search of every choice finds', () => {
    const longest = (a: string[], b: string[]): number => {
      if (a.length === 0 || b.length === 0) return 0;
      const rest = Math.max(longest(a.slice(1), b), longest(a, b.slice(1)));
      return a[0] === b[0] ? Math.max(rest, 1 + longest(a.slice(1), b.slice(1))) : rest;
    };
    const short = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 6 });
    fc.assert(
      fc.property(short, short, (a, b) => {
        const kept = stepsBetween(a, b).filter(({ step }) => step === 'same');
        expect(kept).toHaveLength(longest(a, b));
      }),
    );
  });

  it('replace the middle of what is too long to compare', () => {
    const long = (word: string) => ['first', ...Array(3000).fill(word), 'last'];
    const steps = stepsBetween(long('a'), long('b'));
    expect(steps.map(({ step }) => step)).toEqual([
      'same',
      ...Array(3000).fill('removed'),
      ...Array(3000).fill('added'),
      'same',
    ]);
  });
});
