import type { RunRecord, ScenarioRecord } from './record.ts';
import { gapsOf, totalsOf, verdictOf } from './verdict.ts';

/**
 * One record of several: the shards of a run, or a run and what was run again of it. A scenario that several have is one,
 * with the attempts of all in the order of their start; those that only say that another shard has it do not count.
 */
export function mergeRecords(records: readonly RunRecord[]): RunRecord {
  const ordered = [...records].sort((a, b) => startOf(a).localeCompare(startOf(b)));
  const merged = new Map<string, ScenarioRecord>();
  for (const scenario of ordered.flatMap((record) => record.scenarios)) {
    const before = merged.get(scenario.run);
    merged.set(scenario.run, before ? joined(before, scenario) : scenario);
  }
  const parts = records.flatMap((record) => record.parts);
  const scenarios = [...merged.values()];
  return { parts, scenarios, totals: totalsOf(scenarios), gaps: gapsOf(parts) };
}

const startOf = ({ parts }: RunRecord): string => parts[0]?.started ?? '';

function joined(a: ScenarioRecord, b: ScenarioRecord): ScenarioRecord {
  const all = [...a.attempts, ...b.attempts];
  const ran = all.filter(({ verdict }) => verdict !== 'skipped');
  const attempts = (ran.length > 0 ? ran : all.slice(0, 1)).map((attempt, index) => ({
    ...attempt,
    attempt: index + 1,
  }));
  return {
    ...a,
    attempts,
    verdict: verdictOf(attempts.map(({ verdict }) => verdict)),
    seconds: attempts.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}
