/** Numbers that follow from a seed alone: the same seed makes the same inputs on every machine. */
export interface Random {
  /** A whole number from 0 to `count` - 1. */
  below(count: number): number;
  /** True once in so many times. */
  once(times: number): boolean;
  pick<T>(list: readonly T[]): T;
  bytes(length: number): Uint8Array;
}

/** sfc32 (PractRand): 128 bits of state, passes BigCrush, and costs a few nanoseconds. */
export function randomOf(seed: number): Random {
  let [a, b, c, counter] = [0, seed | 0, Math.floor(seed / 2 ** 32) | 0, 1];
  const next = (): number => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    c |= 0;
    return result >>> 0;
  };
  for (let warm = 0; warm < 15; warm++) next();
  const below = (count: number): number => next() % count;
  return {
    below,
    once: (times) => below(times) === 0,
    pick: (list) => list[below(list.length)]!,
    bytes: (length) => Uint8Array.from({ length }, next),
  };
}
