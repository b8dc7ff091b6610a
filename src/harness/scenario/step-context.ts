import { TwinbankError } from '../../diagnostics/error.ts';
import type { TestMachine } from '../machine/test-machine.ts';
import type { RunEvent } from '../report/run-event.ts';
import type { ArtifactStore, BuiltImage } from './artifact-store.ts';
import type { BuildOrder } from './builds.ts';
import type { MachineWatch } from './machine-watch.ts';

/** An event without what the attempt itself knows. */
export type ScenarioEvent = RunEvent extends infer Event
  ? Event extends { readonly run: string }
    ? Omit<Event, 'run' | 'at'>
    : never
  : never;

/** What a step has to do with while it runs. */
export interface StepContext {
  readonly machine: TestMachine;
  readonly watch: MachineWatch;
  readonly artifactStore: ArtifactStore;
  /** The scenario's builds by name, the first first. */
  readonly builds: ReadonlyMap<string, BuildOrder>;
  /** What the steps leave for one another. */
  readonly state: ScenarioState;
  /** Aborted when the step's time is over, or the run ends. */
  readonly signal: AbortSignal;
  /** Milliseconds that the step may take. */
  readonly timeoutMs: number;
  emit(event: ScenarioEvent): void;
  /** Keeps a file for people, under the attempt's artefacts. */
  keep(label: string, fileName: string, bytes: Uint8Array | string): Promise<string>;
  /** Tells the report what the disk holds now, where it can be read. */
  reportDisk(label: string): Promise<void>;
}

/** It goes along with a snapshot, so it is plain data but for the update that runs. */
export interface ScenarioState {
  /** Build whose image was built last, and whose bundle was made last. */
  image?: string;
  bundle?: string;
  bundles: Record<string, BuiltImage>;
  /** Console line from which expectations look, and the boot: where the last act began. */
  from: number;
  boot: number;
  /** A power cut was injected: a machine that goes off comes back by itself. */
  cutsExpected: boolean;
  updating?: Promise<unknown>;
}

/** An act begins: expectations look at what comes from now on. Returns the place that the next boot has in `watch.boots`. */
export function begin({ state, watch }: StepContext): number {
  state.from = watch.lines.length;
  state.boot = watch.boots.length;
  return state.boot;
}

export const notApplicableCode = 'scenario.not-applicable';

/** Thrown by a step that the machine cannot do; `why` is a part of a sentence. */
export function notApplicable(why: string): TwinbankError {
  return new TwinbankError('refused', notApplicableCode, why);
}

/** An expectation that does not hold. */
export function unmet(expected: string, found: string): TwinbankError {
  return new TwinbankError('boot', 'scenario.unmet', `expected ${expected}, found ${found}`);
}
