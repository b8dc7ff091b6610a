import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RunEvent } from '../../../../src/harness/report/run-event.ts';
import { collectRun } from '../../../../src/harness/report/run-record.ts';
import { type RunOptions, runScenarios } from '../../../../src/harness/run/run-scenarios.ts';
import type { ArtifactStore } from '../../../../src/harness/scenario/artifact-store.ts';
import type { PlannedRun } from '../../../../src/harness/scenario/read-scenario.ts';

/** Products that nobody looks into. */
const artifactStore: ArtifactStore = {
  image: async ({ name }) => ({ path: `${name}.img`, build: '1.0.0-1' }),
  bundle: async ({ name }) => ({ path: `${name}.tbu`, build: '1.0.0-1' }),
  disk: async (path) => ({ path, summary: { bytes: 0, partitions: [], banks: [], next: null } }),
};

/** Runs scenarios on fake machines; what came of it, and every event. */
export async function runOnFakes(
  runs: readonly PlannedRun[],
  options: Pick<RunOptions, 'makeMachine'> & Partial<RunOptions>,
) {
  const artefacts = mkdtempSync(join(tmpdir(), 'twinbank-artefacts-'));
  onTestFinished(() => rmSync(artefacts, { recursive: true, force: true }));
  const events: RunEvent[] = [];
  const problems: unknown[] = [];
  const collected = collectRun({ artefacts });
  const begun = performance.now();
  const summary = await runScenarios(runs, {
    ...{
      artifactStore,
      version: '0.0.0',
      started: 0,
      jobs: 1,
      retry: 0,
      bail: false,
      share: true,
      engine: 'sim',
    },
    ...{ artefacts, keepAll: false, signal: new AbortController().signal },
    now: () => (performance.now() - begun) / 1000,
    emit: (event) => {
      events.push(event);
      collected.add(event);
    },
    onProblem: (error) => void problems.push(error),
    ...options,
  });
  const record = collected.record();
  const verdicts = Object.fromEntries(record.scenarios.map(({ run, verdict }) => [run, verdict]));
  /** The failures of a run's steps, as sentences. */
  const failures = record.scenarios.flatMap(({ attempts }) =>
    attempts.flatMap(({ steps }) => steps.flatMap(({ failure }) => failure ?? [])),
  );
  const kept = (path: string): boolean => existsSync(join(artefacts, path));
  return { summary, events, record, verdicts, failures, problems, kept };
}
