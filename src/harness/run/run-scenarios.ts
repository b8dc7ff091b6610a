import type { Verdict } from '../report/run-event.ts';
import { totalsOf, verdictOf } from '../report/verdict.ts';
import type { PlannedRun } from '../scenario/read-scenario.ts';
import { type AttemptOptions, runAttempt } from './attempt.ts';
import { weightOf } from './shards.ts';
import { type SnapshotCache, snapshotCache } from './snapshot-cache.ts';

export interface RunOptions extends Omit<AttemptOptions, 'snapshots'> {
  /** Of this program. */
  readonly version: string;
  /** When the run begins, milliseconds since 1970. */
  readonly started: number;
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
  /** Machines at once, 1 or more. */
  readonly jobs: number;
  /** Further attempts at a run that failed. */
  readonly retry: number;
  /** Begin nothing more after the first run that has failed for good. */
  readonly bail: boolean;
  /** Whether runs that begin in the same way share what they boot first. */
  readonly share: boolean;
}

export interface RunSummary {
  readonly totals: Readonly<Record<Verdict, number>>;
  readonly stopped: boolean;
}

/**
 * Runs scenarios, as many at once as may be, and tells the report all of it. Never rejects because of what is tested; after a
 * signal or `bail` it ends what runs, and says what was skipped.
 */
export async function runScenarios(
  runs: readonly PlannedRun[],
  options: RunOptions,
): Promise<RunSummary> {
  const { emit, now, engine, shard, signal } = options;
  const snapshots = snapshotCache(options.share ? runs : []);
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  const found = new Map<PlannedRun, Verdict>();
  emit({
    type: 'run-begin',
    schemaVersion: 1,
    version: options.version,
    started: new Date(options.started).toISOString(),
    engine,
    ...(shard && { shard }),
    scenarios: runs.length,
  });
  const one = async (run: PlannedRun): Promise<void> => {
    const verdict = await runUntilPassed(run, { ...options, snapshots, signal: stopped });
    found.set(run, verdict);
    if (verdict === 'failed' && options.bail) stop.abort(new Error('--bail'));
  };
  try {
    await inOrder(runs, { snapshots, jobs: options.jobs, signal: stopped, one });
  } finally {
    await snapshots.clear();
  }
  const totals = totalsOf(runs.map((run) => ({ verdict: found.get(run) ?? 'skipped' })));
  emit({ type: 'run-end', at: now(), totals, stopped: stopped.aborted });
  return { totals, stopped: stopped.aborted };
}

async function runUntilPassed(
  run: PlannedRun,
  options: AttemptOptions & Pick<RunOptions, 'retry'>,
): Promise<Verdict> {
  const attempts: Verdict[] = [];
  do {
    attempts.push(await runAttempt(run, attempts.length + 1, options));
  } while (
    attempts.at(-1) === 'failed' &&
    attempts.length <= options.retry &&
    !options.signal.aborted
  );
  return verdictOf(attempts);
}

interface Queue {
  readonly snapshots: SnapshotCache;
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly one: (run: PlannedRun) => Promise<void>;
}

/** The longest first, so that the end is not one long run; but none while a boot is being made that it can begin with. */
async function inOrder(runs: readonly PlannedRun[], { snapshots, jobs, signal, one }: Queue) {
  const waiting = [...runs].sort((a, b) => weightOf(b) - weightOf(a));
  const running = new Set<Promise<void>>();
  const problems: unknown[] = [];
  const next = (): PlannedRun | undefined => {
    const index = waiting.findIndex((run) => !snapshots.isComing(run));
    return index === -1 ? undefined : waiting.splice(index, 1)[0];
  };
  while (!signal.aborted && problems.length === 0 && (waiting.length > 0 || running.size > 0)) {
    const run = running.size < jobs ? next() : undefined;
    if (run) {
      snapshots.claim(run);
      const work: Promise<void> = one(run)
        .catch((error: unknown) => void problems.push(error))
        .finally(() => snapshots.release(run, { done: true }))
        .finally(() => running.delete(work));
      running.add(work);
    } else if (running.size > 0) await Promise.race(running);
    // What is coming has no maker any more: that is a defect, and no reason to hang.
    else break;
  }
  await Promise.allSettled(running);
  if (problems.length > 0) throw problems[0];
}
