import type { AttemptRecord, RunPart, RunRecord, ScenarioRecord, Totals } from './record.ts';
import { type Failure, type Verdict, verdicts } from './run-event.ts';

/**
 * Of all attempts at a scenario, in order: one that passed in the end after a failure is flaky. One that was broken off
 * says nothing: what had failed before has.
 */
export function verdictOf(attempts: readonly Verdict[]): Verdict {
  const last = attempts.findLast((one) => one !== 'skipped') ?? 'skipped';
  return last === 'passed' && attempts.includes('failed') ? 'flaky' : last;
}

export function totalsOf(scenarios: readonly Pick<ScenarioRecord, 'verdict'>[]): Totals {
  const totals = Object.fromEntries(verdicts.map((verdict) => [verdict, 0]));
  for (const { verdict } of scenarios) totals[verdict] = (totals[verdict] ?? 0) + 1;
  return totals as Record<Verdict, number>;
}

/** Why an attempt failed: its first failed step's reason. */
export function failureOf({ steps, finished }: AttemptRecord): Failure {
  const failed = steps.find(({ verdict }) => verdict === 'failed');
  if (failed?.failure) return failed.failure;
  const message = finished
    ? `${failed ? failed.title : 'the scenario'}: failed without saying why`
    : 'the events end before this scenario does';
  return { code: finished ? 'report.no-reason' : 'report.unfinished', message };
}

/** Why a scenario failed, or did at first. */
export function firstFailure({ attempts }: Pick<ScenarioRecord, 'attempts'>): Failure {
  const attempt = attempts.find(({ verdict }) => verdict === 'failed');
  if (attempt) return failureOf(attempt);
  return { code: 'report.no-reason', message: 'failed without saying why' };
}

/** Whether nothing failed and nothing is missing. */
export function isGreen({ totals, gaps }: RunRecord): boolean {
  return totals.failed === 0 && gaps.length === 0;
}

/** What the streams of events do not tell, one sentence each. */
export function gapsOf(parts: readonly RunPart[]): string[] {
  const gaps = parts.flatMap((part) => {
    const where = part.shard ? `shard ${part.shard.index} of ${part.shard.count}` : 'the run';
    const rest = part.planned - part.begun;
    const unrun = rest > 0 ? `; ${rest} of ${part.planned} scenarios never began` : '';
    if (!part.finished) return [`the events of ${where} end before it does${unrun}`];
    return part.stopped ? [`${where} was stopped${unrun}`] : [];
  });
  const there = new Map<number, Set<number>>();
  for (const { shard } of parts) {
    if (!shard) continue;
    there.set(shard.count, (there.get(shard.count) ?? new Set()).add(shard.index));
  }
  for (const [count, indexes] of parts.length > 1 ? there : []) {
    const missing = Array.from({ length: count }, (_, at) => at + 1).filter((n) => !indexes.has(n));
    if (missing.length > 0)
      gaps.push(`of ${count} shards these are missing: ${missing.join(', ')}`);
  }
  return gaps;
}
