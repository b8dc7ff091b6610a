import { type AttemptCollector, collectAttempt } from './attempt-record.ts';
import type { RunPart, RunRecord, ScenarioRecord } from './record.ts';
import type { RunEvent } from './run-event.ts';
import { gapsOf, totalsOf, verdictOf } from './verdict.ts';

/** Takes the events of one run as they come; `record` may be asked for at any time. */
export interface RunCollector {
  add(event: RunEvent): void;
  record(): RunRecord;
}

type Begin = RunEvent & { type: 'run-begin' };
type ScenarioBegin = RunEvent & { type: 'scenario-begin' };
type Run = { readonly first: ScenarioBegin; readonly attempts: AttemptCollector[] };

/**
 * Makes the tree of a run's events: scenarios with their variants, attempts, steps and boots. `artefacts` is the folder
 * that paths in events are relative to. An attempt that the events leave open has failed.
 */
export function collectRun({ artefacts = '.' }: { artefacts?: string } = {}): RunCollector {
  let begin: Begin | undefined;
  let end: (RunEvent & { type: 'run-end' }) | undefined;
  let last = 0;
  const runs = new Map<string, Run>();

  const part = (): RunPart => ({
    version: begin?.version ?? 'unknown',
    started: begin?.started ?? '',
    engine: begin?.engine ?? 'command',
    ...(begin?.shard && { shard: begin.shard }),
    seconds: last,
    planned: begin?.scenarios ?? runs.size,
    begun: runs.size,
    finished: end !== undefined,
    stopped: end?.stopped ?? false,
  });

  return {
    add(event) {
      if (event.type === 'run-begin') {
        begin = event;
        return;
      }
      last = Math.max(last, event.at);
      if (event.type === 'run-end') {
        end = event;
      } else if (event.type === 'scenario-begin') {
        const run: Run = runs.get(event.run) ?? { first: event, attempts: [] };
        runs.set(event.run, run);
        run.attempts.push(collectAttempt(event, artefacts));
      } else {
        runs.get(event.run)?.attempts.at(-1)?.add(event);
      }
    },
    record() {
      const scenarios = [...runs.values()].map(({ first, attempts }) =>
        scenarioOf(
          first,
          attempts.map((attempt) => attempt.record(last)),
        ),
      );
      const parts = [part()];
      return { parts, scenarios, totals: totalsOf(scenarios), gaps: gapsOf(parts) };
    },
  };
}

function scenarioOf(
  { run, scenario, description, file, engine, variant }: ScenarioBegin,
  attempts: ScenarioRecord['attempts'],
): ScenarioRecord {
  const seconds = attempts.reduce((sum, attempt) => sum + attempt.seconds, 0);
  const verdict = verdictOf(attempts.map((attempt) => attempt.verdict));
  return { run, scenario, description, file, engine, variant, verdict, seconds, attempts };
}
