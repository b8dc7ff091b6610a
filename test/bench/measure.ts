import type { BenchContext, BenchRow, Contest, Sizes } from './bench-row.ts';
import { machineTime, ownProcessorMs, processorMsOf, shareOfOthers } from './machine-load.ts';

/** A row's part of out/bench.json; milliseconds in the order of the runs. */
export interface BenchResult {
  readonly name: string;
  readonly runs: number;
  readonly oursMs: readonly number[];
  /** Empty where there is nobody to compare with. */
  readonly theirsMs: readonly number[];
  /** Processor time of the same runs, that of the programs which they started included. */
  readonly oursProcessorMs: readonly number[];
  readonly theirsProcessorMs: readonly number[];
  /** What part of all cores others used meanwhile: 0 to 1, null where no time was taken. */
  readonly shareOfOthers: number | null;
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
    return { ...untimed(row), medianRatio, sizes: contest };
  }
  try {
    return await contend(row, contest);
  } finally {
    await contest.tearDown?.();
  }
}

async function contend(row: BenchRow, contest: Contest): Promise<BenchResult> {
  const [ours, theirs]: [Times, Times] = [noTimes(), noTimes()];
  const begun = machineTime();
  const ownBegun = processorMs(contest);
  for (let run = 0; run <= row.runs; run++) {
    const sides = [
      { times: ours, work: contest.ours },
      ...(contest.theirs ? [{ times: theirs, work: contest.theirs }] : []),
    ];
    for (const { times, work } of run % 2 === 0 ? sides : sides.reverse()) {
      const took = await timed(contest, work);
      if (run === 0) continue;
      times.ms.push(took.ms);
      times.processorMs.push(took.processorMs);
    }
  }
  const others = shareOfOthers(begun, machineTime(), processorMs(contest) - ownBegun);
  await contest.compare?.();
  return {
    name: row.name,
    runs: row.runs,
    oursMs: ours.ms,
    theirsMs: theirs.ms,
    oursProcessorMs: ours.processorMs,
    theirsProcessorMs: theirs.processorMs,
    shareOfOthers: others,
    medianRatio: theirs.ms.length > 0 ? median(ours.ms) / median(theirs.ms) : null,
  };
}

interface Times {
  readonly ms: number[];
  readonly processorMs: number[];
}

function noTimes(): Times {
  return { ms: [], processorMs: [] };
}

async function timed(
  contest: Contest,
  work: Contest['ours'],
): Promise<{ ms: number; processorMs: number }> {
  await contest.reset?.();
  const [begun, ownBegun] = [performance.now(), processorMs(contest)];
  const taken = await work();
  return { ms: taken ?? performance.now() - begun, processorMs: processorMs(contest) - ownBegun };
}

/** Of this process, the programs that it ran, and what runs all the time for one of the sides. */
function processorMs(contest: Contest): number {
  const daemons = contest.daemons?.() ?? [];
  return daemons.reduce((sum, pid) => sum + processorMsOf(pid), ownProcessorMs());
}

export function failed(row: BenchRow, error: string): BenchResult {
  return { ...untimed(row), error };
}

function untimed({ name, runs }: BenchRow): BenchResult {
  return {
    name,
    runs,
    oursMs: [],
    theirsMs: [],
    oursProcessorMs: [],
    theirsProcessorMs: [],
    shareOfOthers: null,
    medianRatio: null,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}
