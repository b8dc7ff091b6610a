import { orAborted } from '../../diagnostics/or-aborted.ts';
import type { TestMachine } from '../machine/test-machine.ts';
import { diskSummary } from '../report/disk-summary.ts';
import type { ArtifactStore } from '../scenario/artifact-store.ts';
import type { MachineWatch } from '../scenario/machine-watch.ts';
import type { PlannedRun } from '../scenario/read-scenario.ts';
import type { PlannedStep } from '../scenario/step.ts';
import type { ScenarioEvent, ScenarioState, StepContext } from '../scenario/step-context.ts';
import type { ArtefactFolder } from './artefacts.ts';
import { timedOut } from './time-limit.ts';

/** What the steps of an attempt have in common. */
export interface RunningAttempt {
  readonly machine: TestMachine;
  readonly watch: MachineWatch;
  readonly state: ScenarioState;
  readonly plan: PlannedRun;
  readonly artifactStore: ArtifactStore;
  readonly folder: ArtefactFolder;
  emit(event: ScenarioEvent): void;
}

/** Runs a step, and ends it when its time is over. Returns what it found; throws what it throws. */
export async function runStep(
  step: PlannedStep,
  { machine, watch, state, emit, plan, artifactStore, folder }: RunningAttempt,
  signal: AbortSignal,
): Promise<string | undefined> {
  const over = new AbortController();
  const seconds = step.timeoutMs / 1000;
  const timer = setTimeout(
    () => over.abort(timedOut(`the step to be over in ${seconds} s`)),
    // Its own waits end first, and say more.
    step.timeoutMs + Math.min(5000, step.timeoutMs / 2),
  );
  const both = AbortSignal.any([signal, over.signal]);
  const context: StepContext = {
    machine,
    watch,
    state,
    emit,
    builds: plan.builds,
    artifactStore,
    signal: both,
    timeoutMs: step.timeoutMs,
    keep: folder.keep,
    async reportDisk(label) {
      if (!machine.abilities.has('disk')) return;
      emit({ type: 'disk', label, disk: await machine.withDisk(diskSummary) });
    },
  };
  try {
    return await orAborted(step.run(context), both);
  } finally {
    clearTimeout(timer);
  }
}
