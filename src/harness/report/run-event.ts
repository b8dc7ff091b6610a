import type { Engine } from '../faults/engine.ts';
import type { DiskType } from '../qemu/disk-type.ts';
import type { Firmware } from '../qemu/machine-options.ts';

/** What became of a step, an attempt or a scenario. Only `passed` and `flaky` leave the run green. */
export const verdicts = [
  'passed',
  /** Failed, and passed when it was tried again. */
  'flaky',
  'failed',
  /** The engine or the machine cannot do a step, or the host cannot: never counted as passed. */
  'not-applicable',
  /** Not run, because an earlier step failed, the run was stopped, or another shard has it. */
  'skipped',
] as const;
export type Verdict = (typeof verdicts)[number];

/** One combination of a scenario's matrix, over what its `machine:` says; what it leaves out is the runner's default. */
export interface Variant {
  readonly firmware?: Firmware;
  readonly disk?: DiskType;
  /** Names of OEMs, joined with `+`; empty for none. */
  readonly oem?: string;
  readonly fault?: string;
}

/** A place in a scenario's file, counted from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One failed expectation, as one sentence; `lines` are the console's last ones where there is a machine. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly place?: Place;
  readonly lines?: readonly string[];
}

/** A bank as the disk has it. */
export interface BankSummary {
  readonly partition: number;
  readonly name: string;
  /** VALID, UPGRADING, DIRTY, INVALID or MALFORMED. */
  readonly state: string;
  readonly attempts: number | null;
  readonly verdict: string | null;
  readonly updated: number | null;
  readonly build: string | null;
  readonly bytes: number;
  readonly bytesFree: number | null;
  readonly modules: readonly {
    readonly name: string;
    readonly kind: string;
    readonly bytes: number;
  }[];
}

/** Partitions and banks at one moment. */
export interface DiskSummary {
  readonly bytes: number;
  readonly partitions: readonly {
    readonly number: number;
    readonly name: string;
    readonly offset: number;
    readonly bytes: number;
  }[];
  readonly banks: readonly BankSummary[];
  /** Partition number of the bank that the loader would choose, or null. */
  readonly next: number | null;
}

/**
 * What happens in a run, in order; one line of JSON each in NDJSON, with `schemaVersion` in the first. `at` is in seconds since
 * the run began, by a clock that never goes back. What belongs to an attempt has the key of its scenario's variant (`run`).
 */
export type RunEvent =
  | {
      readonly type: 'run-begin';
      readonly schemaVersion: 1;
      /** Of this program. */
      readonly version: string;
      /** UTC, ISO 8601. */
      readonly started: string;
      readonly engine: Engine | 'command';
      readonly shard?: { readonly index: number; readonly count: number };
      readonly scenarios: number;
    }
  | {
      readonly type: 'scenario-begin';
      readonly at: number;
      /** Unique in the run: `NAME` or `NAME [firmware=uefi disk=nvme]`. */
      readonly run: string;
      readonly scenario: string;
      readonly description: string;
      readonly file: string;
      readonly engine: Engine | 'command';
      readonly variant: Variant;
      /** From 1; more than one only after a failure, with `--retry`. */
      readonly attempt: number;
      /** Every step's title, in order; `repeat` is unrolled. */
      readonly steps: readonly string[];
    }
  | {
      readonly type: 'step-begin';
      readonly at: number;
      readonly run: string;
      /** Index in `steps`, from 0. */
      readonly step: number;
    }
  | {
      readonly type: 'step-end';
      readonly at: number;
      readonly run: string;
      readonly step: number;
      readonly verdict: Verdict;
      /** What it found, in a few words: `bank 6, 1.1-2, 14.2 s`. */
      readonly found?: string;
      readonly failure?: Failure;
    }
  /** One line of the machine's console; `seconds` since this power-on. */
  | {
      readonly type: 'console';
      readonly at: number;
      readonly run: string;
      /** Boots of the attempt, from 1. */
      readonly boot: number;
      readonly seconds: number;
      readonly text: string;
    }
  | {
      readonly type: 'power';
      readonly at: number;
      readonly run: string;
      readonly what: 'on' | 'off' | 'reset' | 'cut';
      /** The boot that begins with `on` and `reset`, or ends with `off` and `cut`; where it is left out, the last one heard of. */
      readonly boot?: number;
    }
  /** A boot is over: it is ready, or whatever became of it. Stages as in timeline.ts, seconds since power-on. */
  | {
      readonly type: 'boot';
      readonly at: number;
      readonly run: string;
      readonly boot: number;
      readonly booted: number | null;
      readonly outcome: string;
      readonly build: string | null;
      readonly stages: readonly {
        readonly name: string;
        readonly start: number;
        readonly end: number;
      }[];
      /** A step began from the snapshot of a boot that another scenario has made. */
      readonly shared?: boolean;
    }
  /** A fault begins or is over; shown beside the console lines of that moment. */
  | {
      readonly type: 'fault';
      readonly at: number;
      readonly run: string;
      readonly boot: number;
      readonly text: string;
    }
  | {
      readonly type: 'disk';
      readonly at: number;
      readonly run: string;
      readonly label: string;
      readonly disk: DiskSummary;
    }
  /** A PNG of the machine's screen. `path` is relative to the folder of artefacts. */
  | {
      readonly type: 'screenshot';
      readonly at: number;
      readonly run: string;
      readonly label: string;
      readonly path: string;
    }
  /** A file kept for people: console log, journal, boot.cfg history, overlay. */
  | {
      readonly type: 'artefact';
      readonly at: number;
      readonly run: string;
      readonly label: string;
      readonly path: string;
    }
  | {
      readonly type: 'scenario-end';
      readonly at: number;
      readonly run: string;
      readonly attempt: number;
      /** Of this attempt; `flaky` is decided over all of them. */
      readonly verdict: Verdict;
    }
  | {
      readonly type: 'run-end';
      readonly at: number;
      readonly totals: Readonly<Record<Verdict, number>>;
      /** Whether it was cut short by a signal or `--bail`. */
      readonly stopped: boolean;
    };
