import { stepsBetween } from './sequence.ts';

/** Lines around a change that are shown with it. */
const context = 3;

/**
 * The lines that two texts have differently, in hunks as `diff -u` prints them, without its two header lines:
 * each line begins with a blank, `-`, `+` or `@@`.
 */
export function unifiedDiff(a: string, b: string): string[] {
  const [left, right] = [linesOf(a), linesOf(b)];
  const lines = stepsBetween(left, right).map((one) => {
    if (one.step === 'added') return { mark: '+', text: right[one.b] ?? '' };
    return { mark: one.step === 'same' ? ' ' : '-', text: left[one.a] ?? '' };
  });
  const isNear = lines.map((_, index) =>
    lines.slice(Math.max(0, index - context), index + context + 1).some(({ mark }) => mark !== ' '),
  );
  const output: string[] = [];
  let [ofA, ofB] = [0, 0];
  for (const [index, { mark, text }] of lines.entries()) {
    if (isNear[index] && !isNear[index - 1]) {
      const end = isNear.indexOf(false, index);
      const hunk = lines.slice(index, end < 0 ? undefined : end);
      output.push(`@@ -${range(ofA, hunk, '+')} +${range(ofB, hunk, '-')} @@`);
    }
    if (isNear[index]) output.push(`${mark}${text}`);
    if (mark !== '+') ofA++;
    if (mark !== '-') ofB++;
  }
  return output;
}

/** First line and number of lines on one side, where lines with the other side's mark are not. */
function range(before: number, hunk: readonly { mark: string }[], other: string): string {
  const count = hunk.filter(({ mark }) => mark !== other).length;
  const first = count === 0 ? before : before + 1;
  return count === 1 ? String(first) : `${first},${count}`;
}

/** A last line without a line end differs from one with it, as diff says on a line of its own. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') return lines.slice(0, -1);
  return [...lines.slice(0, -1), `${lines.at(-1)}\n\\ No newline at end of file`];
}
