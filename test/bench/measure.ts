import type { BenchContext, BenchRow, Contest, Sizes } from './bench-row.ts';

/** A row's part of out/bench.json; milliseconds in the order of the runs. */
export interface BenchResult {
  readonly name: string;
  readonly runs: number;
  readonly oursMs: readonly number[];
  /** Empty where there is nobody to compare with. */
  readonly theirsMs: readonly number[];
  /** Median of ours by median of theirs; of sizes one by the other. */
  readonly medianRatio: number | null;
  /** Of a row about sizes, which has no times. */
  readonly sizes?: Sizes;
  /** Why there are no times. */
  readonly error?: string;
}

/**
 * Measures both sides of a row by turns, so that what else the machine does meets both, and who begins
 * changes from run to run. The first run of each fills the caches and does not count.
 */
export async function measure(row: BenchRow, context: BenchContext): Promise<BenchResult> {
  const contest = await row.setUp(context);
  if ('oursBytes' in contest) {
    const medianRatio = contest.oursBytes / contest.theirsBytes;
    return {
      name: row.name,
      runs: row.runs,
      oursMs: [],
      theirsMs: [],
      medianRatio,
      sizes: contest,
    };
  }
  try {
    return await contend(row, contest);
  } finally {
    await contest.tearDown?.();
  }
}

async function contend(row: BenchRow, contest: Contest): Promise<BenchResult> {
  const oursMs: number[] = [];
  const theirsMs: number[] = [];
  for (let run = 0; run <= row.runs; run++) {
    const sides = [
      { times: oursMs, work: contest.ours },
      ...(contest.theirs ? [{ times: theirsMs, work: contest.theirs }] : []),
    ];
    for (const { times, work } of run % 2 === 0 ? sides : sides.reverse()) {
      const took = await timed(contest, work);
      if (run > 0) times.push(took);
    }
  }
  await contest.compare?.();
  const medianRatio = theirsMs.length > 0 ? median(oursMs) / median(theirsMs) : null;
  return { name: row.name, runs: row.runs, oursMs, theirsMs, medianRatio };
}

async function timed(contest: Contest, work: () => Promise<void>): Promise<number> {
  await contest.reset?.();
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

export function failed({ name, runs }: BenchRow, error: string): BenchResult {
  return { name, runs, oursMs: [], theirsMs: [], medianRatio: null, error };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}
