import { describe, expect, it } from 'vitest';
import { sizeAnswers } from '../../../../../src/cli/commands/run/size-answers.ts';

/** What is shown and answered in all, of a text that comes in chunks of so many bytes. */
function inChunks(text: string, bytes: number, size = { rows: 40, columns: 132 }) {
  const sizes = sizeAnswers(() => size);
  const all = Buffer.from(text, 'latin1');
  let shown = '';
  let answer = '';
  for (let from = 0; from < all.length; from += bytes) {
    const heard = sizes.hear(all.subarray(from, from + bytes));
    shown += Buffer.from(heard.show).toString('latin1');
    answer += heard.answer;
  }
  shown += Buffer.from(sizes.rest()).toString('latin1');
  return { shown, answer };
}

describe('the size of a terminal', () => {
  it.each([1, 2, 3, 7, 1000])('answers whoever asks for it, in chunks of %i bytes', (bytes) => {
    const { shown, answer } = inChunks('a\x1b7\x1b[999;999H\x1b[6n\x1b8b\x1b[18tc\xff', bytes);
    expect(shown).toBe('a\x1b7\x1b[999;999H\x1b8bc\xff');
    expect(answer).toBe('\x1b[40;132R\x1b[8;40;132t');
  });

  it.each([1, 4, 1000])('leaves all else to the terminal, in chunks of %i bytes', (bytes) => {
    const text = '\x1b[6n\x1b[5;5Hx\x1b[6n\x1b[1\x1b[2J\x1b[?25l\x1b[18;1H\x1b[181t\x1b';
    expect(inChunks(text, bytes)).toEqual({ shown: text, answer: '' });
  });

  it('says where the cursor is where that is within the terminal', () => {
    expect(inChunks('\x1b[3;999H\x1b[6n', 1000).answer).toBe('\x1b[3;132R');
  });

  it('is asked of the terminal itself where nobody knows it', () => {
    const sizes = sizeAnswers(() => undefined);
    const question = Buffer.from('\x1b[999;999H\x1b[6n');
    expect(sizes.hear(question)).toEqual({ show: question, answer: '' });
  });
});
