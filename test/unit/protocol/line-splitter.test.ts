import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineSplitter } from '../../../src/protocol/line-splitter.ts';

function split(chunks: readonly string[], limit?: number): string[] {
  const lines: string[] = [];
  const push = lineSplitter((line) => lines.push(line), limit);
  for (const chunk of chunks) push(chunk);
  return lines;
}

describe('a stream', () => {
  it('gives the same lines wherever it is cut', () => {
    const unit = fc.constantFrom('a', 'b', '\n', '\n', ' ', '\r');
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit, maxLength: 9 })),
        fc.integer({ min: 1, max: 6 }),
        (chunks, limit) => {
          const whole = chunks.join('').split('\n').slice(0, -1);
          const expected = whole.filter((line) => line.trim() && line.length <= limit);
          expect(split(chunks, limit)).toEqual(expected);
        },
      ),
    );
  });

  it('loses a line that is too long, and only that', () => {
    const long = 'x'.repeat(600_000);
    expect(split(['one\n', long, long, `${long}\ntwo\n`])).toEqual(['one', 'two']);
  });

  it('tells of a line that is too long once, before it ends', () => {
    let told = 0;
    const push = lineSplitter(
      () => {},
      10,
      () => told++,
    );
    for (const chunk of ['short\n', 'x'.repeat(11), 'x'.repeat(11)]) push(chunk);
    expect(told).toBe(1);
    push(`\n${'x'.repeat(11)}`);
    expect(told).toBe(2);
  });
});
