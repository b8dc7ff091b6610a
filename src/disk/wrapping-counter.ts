/**
 * Numbers that are counted on a disk, from 1. A disk may hold any number, the last one among them, and none may stop whoever counts: they
 * go round in a circle, and behind the last comes 1. The newest of some is the one before the widest gap; of two it is the one that is
 * ahead by less than half of the circle, as RFC 1982 (serial number arithmetic) has it. So one that lies far from all others counts
 * as old, and never as the end. 0 stands for none.
 */
export interface WrappingCounter {
  next(from: number): number;
  /** The newest; 0 of none. */
  newest(numbers: readonly number[]): number;
  /** How many steps a number is behind another; 0 for itself. */
  stepsBehind(one: number, other: number): number;
}

/** `last` is a safe integer. */
export function wrappingCounter(last: number): WrappingCounter {
  const stepsBehind = (one: number, other: number): number =>
    one <= other ? other - one : other + (last - one);
  return {
    next: (from) => (from >= last ? 1 : from + 1),
    newest(numbers) {
      const inOrder = numbers.filter((one) => one > 0).sort((a, b) => a - b);
      const [first = 0] = inOrder;
      let found = { number: first, gap: 0 };
      for (const [index, number] of inOrder.entries()) {
        const gap = stepsBehind(number, inOrder[index + 1] ?? first);
        if (gap >= found.gap) found = { number, gap };
      }
      return found.number;
    },
    stepsBehind,
  };
}
