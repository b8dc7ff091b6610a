import { byCodeUnits } from './change.ts';

/** A step from one sequence to the other; positions count from 0, each on its own side. */
export type Step =
  | { readonly step: 'same'; readonly a: number; readonly b: number }
  | { readonly step: 'removed'; readonly a: number }
  | { readonly step: 'added'; readonly b: number };

/** A table with more cells than this is not made: what lies between equal ends then counts as replaced. */
const maxCells = 2 ** 22;

/**
 * The way from one sequence of words to another: as many as can be stay where they are (a longest common
 * subsequence). From B to A it is the same way, with `added` and `removed` exchanged.
 */
export function stepsBetween(a: readonly string[], b: readonly string[]): Step[] {
  // Ties are broken by the side; deciding them in one order of the two makes both ways one.
  if (byCodeUnits(JSON.stringify(a), JSON.stringify(b)) <= 0) return forward(a, b);
  const mirrored = forward(b, a).map((one): Step => {
    if (one.step === 'same') return { step: 'same', a: one.b, b: one.a };
    return one.step === 'added' ? { step: 'removed', a: one.b } : { step: 'added', b: one.a };
  });
  return removedFirst(mirrored);
}

function forward(a: readonly string[], b: readonly string[]): Step[] {
  let begin = 0;
  while (begin < a.length && begin < b.length && a[begin] === b[begin]) begin++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - begin && a.at(-1 - end) === b.at(-1 - end)) end++;
  const same = (index: number, ofA: number, ofB: number): Step => {
    return { step: 'same', a: ofA + index, b: ofB + index };
  };
  const middle = between(a.slice(begin, a.length - end), b.slice(begin, b.length - end), begin);
  return [
    ...Array.from({ length: begin }, (_, index) => same(index, 0, 0)),
    ...removedFirst(middle),
    ...Array.from({ length: end }, (_, index) => same(index, a.length - end, b.length - end)),
  ];
}

function between(a: readonly string[], b: readonly string[], offset: number): Step[] {
  const width = b.length + 1;
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  if ((a.length + 1) * width <= maxCells) {
    // Cell (i, j): how long the longest common subsequence of what follows i in A and j in B is.
    const length = new Uint32Array((a.length + 1) * width);
    const at = (row: number, column: number): number => length[row * width + column] ?? 0;
    for (let row = a.length - 1; row >= 0; row--) {
      for (let column = b.length - 1; column >= 0; column--) {
        length[row * width + column] =
          a[row] === b[column]
            ? at(row + 1, column + 1) + 1
            : Math.max(at(row + 1, column), at(row, column + 1));
      }
    }
    while (i < a.length && j < b.length) {
      if (a[i] === b[j]) steps.push({ step: 'same', a: offset + i++, b: offset + j++ });
      else if (at(i + 1, j) >= at(i, j + 1)) steps.push({ step: 'removed', a: offset + i++ });
      else steps.push({ step: 'added', b: offset + j++ });
    }
  }
  while (i < a.length) steps.push({ step: 'removed', a: offset + i++ });
  while (j < b.length) steps.push({ step: 'added', b: offset + j++ });
  return steps;
}

/** Between two that stay, first what goes, then what comes. */
function removedFirst(steps: readonly Step[]): Step[] {
  const ordered: Step[] = [];
  const added: Step[] = [];
  for (const one of steps) {
    if (one.step === 'added') added.push(one);
    else {
      if (one.step === 'same') ordered.push(...added.splice(0));
      ordered.push(one);
    }
  }
  return [...ordered, ...added];
}
