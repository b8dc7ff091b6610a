import type { TestMachine } from '../machine/test-machine.ts';
import type { Failure, RunEvent, Verdict } from '../report/run-event.ts';
import type { ArtifactStore } from '../scenario/artifact-store.ts';
import { type MachineWatch, watchMachine } from '../scenario/machine-watch.ts';
import { missingAbilities } from '../scenario/missing-abilities.ts';
import type { PlannedRun } from '../scenario/read-scenario.ts';
import type { ScenarioEvent, ScenarioState } from '../scenario/step-context.ts';
import { artefactFolder, keepTraces } from './artefacts.ts';
import { type RunningAttempt, runStep } from './run-step.ts';
import type { SnapshotCache } from './snapshot-cache.ts';
import { failureOf, isNotApplicable } from './step-failure.ts';
import { timedOut, within } from './time-limit.ts';

export interface AttemptOptions {
  /** A machine that is off, with nothing on its disk. */
  makeMachine(request: PlannedRun['machine'], signal: AbortSignal): Promise<TestMachine>;
  readonly artifactStore: ArtifactStore;
  readonly snapshots: SnapshotCache;
  readonly engine: TestMachine['kind'];
  /** Seconds since the run began. */
  now(): number;
  emit(event: RunEvent): void;
  /** Hears of artefacts that could not be written: no verdict changes for them. */
  onProblem(error: unknown): void;
  /** Folder of the run's artefacts. */
  readonly artefacts: string;
  /** Keep them for what passes, too. */
  readonly keepAll: boolean;
  readonly signal: AbortSignal;
}

const disposeTimeoutMs = 120_000;

/**
 * Runs a scenario once, from its first step or from where another one has come to, and tells the report. Ends in a verdict
 * whatever the machine does; every process and file of the machine is gone then. Throws only what is a defect of ours.
 */
export async function runAttempt(
  plan: PlannedRun,
  attempt: number,
  options: AttemptOptions,
): Promise<Verdict> {
  const { emit: send, now, engine } = options;
  const { run, scenario, description, file, variant } = plan;
  const steps = plan.steps.map(({ title }) => title);
  const begin = { type: 'scenario-begin', at: now(), run, attempt } as const;
  send({ ...begin, scenario, description, file, engine, variant, steps });
  const verdict = await runSteps(plan, attempt, options);
  send({ type: 'scenario-end', at: now(), run, attempt, verdict });
  return verdict;
}

async function runSteps(
  plan: PlannedRun,
  attempt: number,
  options: AttemptOptions,
): Promise<Verdict> {
  const { snapshots, signal: stopped, now } = options;
  const emit = (event: ScenarioEvent): void =>
    options.emit({ ...event, at: now(), run: plan.run } as RunEvent);
  const end = (step: number, verdict: Verdict, more: { found?: string; failure?: Failure } = {}) =>
    emit({ type: 'step-end', step, verdict, ...more });
  if (plan.engines && !plan.engines.includes(options.engine)) {
    end(0, 'not-applicable', { found: `for ${plan.engines.join(', ')} only` });
    return 'not-applicable';
  }
  const folder = artefactFolder(options.artefacts, plan.run, attempt, emit);
  const over = new AbortController();
  const signal = AbortSignal.any([stopped, over.signal]);
  const minutes = plan.timeoutMs / 60_000;
  const timer = setTimeout(
    () => over.abort(timedOut(`the scenario to be over in ${minutes} min`)),
    plan.timeoutMs,
  );
  let machine: TestMachine | undefined;
  let watch: MachineWatch | undefined;
  let verdict: Verdict = 'passed';
  let at = 0;
  try {
    const made = await options.makeMachine(plan.machine, signal);
    machine = made;
    for (const [index, step] of plan.steps.entries()) {
      const missing = step.looks ? undefined : missingAbilities(made, step);
      if (missing === undefined) continue;
      end(index, 'not-applicable', { found: missing });
      return 'not-applicable';
    }
    const start = snapshots.take(plan);
    // What it cannot make is nothing to wait for.
    if (!machine.abilities.has('snapshot')) await snapshots.release(plan, { done: false });
    if (start) await machine.restore(start.snapshot);
    watch = watchMachine(machine, emit, start?.watch);
    const state = start ? structuredClone(start.state) : newScenarioState();
    if (start) {
      for (; at <= start.step; at++) end(at, 'passed', { found: `as in ${start.by}` });
      for (const { number: boot, booted, build, outcome } of start.watch.boots) {
        // One that is open still will be told when it is over.
        if (outcome === undefined) continue;
        emit({ type: 'boot', boot, booted, outcome, build, stages: [], shared: true });
      }
    }
    const { artifactStore } = options;
    const context = { machine, watch, state, emit, plan, artifactStore, folder };
    for (; at < plan.steps.length && verdict !== 'failed'; at++) {
      const step = plan.steps[at];
      if (!step) break;
      emit({ type: 'step-begin', step: at });
      const missing = missingAbilities(machine, step);
      if (missing !== undefined) {
        end(at, 'not-applicable', { found: missing });
        verdict = 'not-applicable';
        continue;
      }
      try {
        const found = await runStep(step, context, signal);
        if (step.shares) await share(at, context, snapshots);
        end(at, 'passed', found === undefined ? {} : { found });
      } catch (error) {
        if (stopped.aborted) throw error;
        if (isNotApplicable(error)) {
          end(at, 'not-applicable', { found: (error as Error).message });
          verdict = 'not-applicable';
          if (!step.looks) break;
        } else {
          end(at, 'failed', { failure: failureOf(error, step, watch) });
          verdict = 'failed';
        }
      }
    }
    return verdict;
  } catch (error) {
    if (stopped.aborted) return 'skipped';
    // Making the machine, or beginning from a snapshot.
    end(at, 'failed', { failure: failureOf(error, plan.steps[at], watch) });
    verdict = 'failed';
    return verdict;
  } finally {
    clearTimeout(timer);
    try {
      if (machine && watch && !stopped.aborted && (verdict === 'failed' || options.keepAll)) {
        await keepTraces(machine, watch, folder, emit).catch(options.onProblem);
      }
    } finally {
      if (machine)
        await within(machine.dispose(), disposeTimeoutMs, 'the machine to be cleaned up');
    }
  }
}

/** Hands the machine as it is now to the runs that begin in the same way. */
async function share(
  step: number,
  { machine, watch, state, plan }: RunningAttempt,
  snapshots: SnapshotCache,
): Promise<void> {
  if (!machine.abilities.has('snapshot') || !snapshots.isWanted(plan, step)) return;
  const snapshot = await machine.snapshot();
  const left = { watch: watch.state(), state: structuredClone(state) };
  await snapshots.put(plan, { step, snapshot, by: plan.run, ...left });
}

function newScenarioState(): ScenarioState {
  return { bundles: {}, from: 0, boot: 0, cutsExpected: false };
}
