import type { DiskSummary, Failure, RunEvent, Variant, Verdict } from './run-event.ts';

export type Engine = (RunEvent & { type: 'run-begin' })['engine'];
export type Totals = Readonly<Record<Verdict, number>>;

/** All that reports show of one run, or of the shards of one that were put together. Times are in seconds. */
export interface RunRecord {
  /** One of each stream of events, in the order given. */
  readonly parts: readonly RunPart[];
  /** In the order in which they began; of merged runs part by part. */
  readonly scenarios: readonly ScenarioRecord[];
  readonly totals: Totals;
  /** Why this is not the whole story, one sentence each: a run that was cut short, a shard that is not there. */
  readonly gaps: readonly string[];
}

/** One stream of events. */
export interface RunPart {
  readonly version: string;
  /** UTC, ISO 8601. */
  readonly started: string;
  readonly engine: Engine;
  readonly shard?: { readonly index: number; readonly count: number };
  /** From its beginning to the last event. */
  readonly seconds: number;
  /** Scenarios that it was to run, and those that began. */
  readonly planned: number;
  readonly begun: number;
  /** False where the stream ends before the run does. */
  readonly finished: boolean;
  /** By a signal or `--bail`. */
  readonly stopped: boolean;
}

/** A scenario with one variant of its matrix. */
export interface ScenarioRecord {
  /** Unique in the record. */
  readonly run: string;
  readonly scenario: string;
  readonly description: string;
  readonly file: string;
  readonly engine: Engine;
  readonly variant: Variant;
  readonly verdict: Verdict;
  /** Of all attempts. */
  readonly seconds: number;
  /** At least one. */
  readonly attempts: readonly AttemptRecord[];
}

export interface AttemptRecord {
  readonly attempt: number;
  /** Seconds since the run began. */
  readonly at: number;
  readonly seconds: number;
  readonly verdict: Verdict;
  /** False where the stream ends before the attempt does. */
  readonly finished: boolean;
  /** Those that never began are `skipped`. */
  readonly steps: readonly StepRecord[];
  readonly boots: readonly BootRecord[];
  readonly console: readonly ConsoleEntry[];
  readonly disks: readonly DiskRecord[];
  /** States of the banks, as disks and the loader's own lines tell them. */
  readonly moments: readonly Moment[];
  readonly screenshots: readonly KeptFile[];
  readonly artefacts: readonly KeptFile[];
}

export interface StepRecord {
  readonly title: string;
  readonly verdict: Verdict;
  readonly seconds: number;
  readonly found?: string;
  readonly failure?: Failure;
}

export interface Mark {
  readonly kind: 'fault' | 'cut' | 'reset' | 'off';
  /** Since this power-on: the time of the console line before it. */
  readonly seconds: number;
  /** Whether the console had said anything since this power-on. */
  readonly started: boolean;
  readonly text: string;
}

/** From a power-on to the next. */
export interface BootRecord {
  /** From 1. */
  readonly boot: number;
  /** Null where the loader chose none, undefined where nothing was said of the boot. */
  readonly booted?: number | null;
  readonly outcome?: string;
  readonly build?: string | null;
  readonly stages: readonly {
    readonly name: string;
    readonly start: number;
    readonly end: number;
  }[];
  readonly shared: boolean;
  /** Since its power-on, until the last that is known of it. */
  readonly seconds: number;
  readonly marks: readonly Mark[];
}

/** What the console shows, in order. */
export type ConsoleEntry =
  | {
      readonly kind: 'line';
      readonly boot: number;
      readonly seconds: number;
      readonly text: string;
    }
  | { readonly kind: 'on'; readonly boot: number }
  | (Mark & { readonly boot: number });

/** Partitions and banks at one moment. */
export interface DiskRecord {
  readonly label: string;
  /** Boots so far. */
  readonly boot: number;
  readonly disk: DiskSummary;
}

export interface BankMoment {
  readonly partition: number;
  readonly name?: string;
  readonly state: string;
  readonly attempts: number | null;
  readonly verdict: string | null;
  readonly build: string | null;
}

export interface Moment {
  readonly label: string;
  readonly boot: number;
  readonly banks: readonly BankMoment[];
  /** The bank that the loader would choose, or has chosen; left out where that is not known. */
  readonly next?: number | null;
}

export interface KeptFile {
  readonly label: string;
  /** Relative to the folder of artefacts, as the event has it. */
  readonly path: string;
  /** The folder of artefacts, as it was given to {@link collectRun}. */
  readonly folder: string;
  readonly boot: number;
}
