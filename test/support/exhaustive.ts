import { randomOf } from '../fuzz/random.ts';

/**
 * Whether this run leaves nothing out. `npm test` tries a sample of what is thousands of states; all of them are tried by the
 * project `exhaustive`, which `npm run test:boot` runs, and by `soak` where that takes more than a minute.
 */
export const exhaustive = process.env.TWINBANK_EXHAUSTIVE === '1';

/** The seed of what is taken at random; a run prints it, and `TWINBANK_SEED` gives the same again. */
export const sampleSeed = Number(process.env.TWINBANK_SEED ?? Date.now() % 2 ** 31);

/** All items in an order of their own, which follows from the seed alone. */
export function shuffled<T>(items: readonly T[], seed = sampleSeed): T[] {
  const random = randomOf(seed);
  const list = [...items];
  for (let left = list.length; left > 1; left--) {
    const other = random.below(left);
    [list[left - 1], list[other]] = [list[other] as T, list[left - 1] as T];
  }
  return list;
}

/** All items where nothing is left out, else so many of them at random. */
export function sampled<T>(items: readonly T[], count: number): T[] {
  if (exhaustive) return [...items];
  console.info(`${count} of ${items.length}: TWINBANK_SEED=${sampleSeed}`);
  return shuffled(items).slice(0, count);
}
