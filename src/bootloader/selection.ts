import type { BootCfg, BootCfgReading, BootMarks } from './boot-cfg.ts';
import type { Refusal, StateLabel } from './rules.ts';

/** What the loader knows of a bank before it has looked into it. */
export interface BankFacts {
  /** GPT partition number. */
  readonly partition: number;
  readonly bootCfg: BootCfgReading;
}

/** What the loader does to a bank; a simulator, `inspect` and the tests each bring their own. */
export interface BankIo {
  /** One `save_env` of these marks, read back; false when they do not read back. */
  write(partition: number, marks: BootMarks): boolean;
  /** Why the contents are wrong (`BankCheck.problem`), or undefined. Not asked again once it was right. */
  verify(partition: number): string | undefined;
  /** Whether the kernel could be loaded; without it every right bank starts. */
  start?(partition: number): boolean;
  /** Hears of each event as it happens; what it throws ends the selection, as a power cut does. */
  onEvent?(event: LoaderEvent): void;
}

/** What a person at the console asked for; `none` is the hidden timeout. */
export type Person =
  | { readonly wants: 'none' }
  | { readonly wants: 'boot'; readonly partition: number }
  | { readonly wants: 'rollback' };

/** One thing that the loader found or did, in the order in which it happens. */
export type LoaderEvent =
  | { type: 'bank'; partition: number; state: StateLabel; cfg?: BootCfg }
  | { type: 'write'; partition: number; marks: BootMarks; sticks: boolean }
  | { type: 'verify'; partition: number }
  | { type: 'refuse'; partition: number; refusal: Refusal; reason: string }
  | { type: 'rollback-refused'; reason: string }
  | { type: 'boot'; partition: number; build: string }
  | { type: 'rescue' };

interface BankOutcome {
  readonly partition: number;
  readonly state: StateLabel;
  /** As they are on the disk now, as far as the loader knows; none where boot.cfg is malformed. */
  readonly marks?: BootMarks;
  /** Why it is not the one that boots; empty for that one, and for those that were not needed. */
  readonly reason: string;
}

export interface Selection {
  /** Partition that boots, or null: the rescue prompt. */
  readonly booted: number | null;
  readonly events: readonly LoaderEvent[];
  readonly banks: readonly BankOutcome[];
}
