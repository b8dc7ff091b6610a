import type { PlannedRun } from '../scenario/read-scenario.ts';

/** Seconds that kinds of steps take about in an emulated machine on a loaded core; the others are nothing beside them. */
const seconds: Readonly<Record<string, number>> = {
  boot: 35,
  reboot: 45,
  reset: 40,
  update: 20,
  rollback: 40,
  'power-cut': 15,
  'power-off': 8,
  // What fails is waited for, reset, and booted again.
  inject: 80,
};

/** How long a run takes about, in seconds; the same on every host, so that shards agree without talking to one another. */
export function weightOf({ steps }: PlannedRun): number {
  return steps.reduce((sum, { kind }) => sum + (seconds[kind] ?? 0), 1);
}

/** The runs of shard `index` of `count`, from 1: the longest first, each to the shard with the least to do. */
export function shardOf(
  runs: readonly PlannedRun[],
  { index, count }: { readonly index: number; readonly count: number },
): PlannedRun[] {
  const loads = Array.from({ length: count }, () => 0);
  const mine = new Set<PlannedRun>();
  const byWeight = [...runs].sort(
    (a, b) => weightOf(b) - weightOf(a) || (a.run < b.run ? -1 : a.run > b.run ? 1 : 0),
  );
  for (const run of byWeight) {
    const least = loads.indexOf(Math.min(...loads));
    loads[least] = (loads[least] ?? 0) + weightOf(run);
    if (least === index - 1) mine.add(run);
  }
  return runs.filter((run) => mine.has(run));
}
