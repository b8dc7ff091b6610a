import type { FatVolume } from '../../disk/fat/volume.ts';
import type { BootStage } from '../console/boot-stage.ts';
import type { MachineKind } from './engine.ts';

/** What goes wrong inside a bank that runs; the guest knows them by these names too. */
export const runtimeFaults = ['kernel-panic', 'init-hang', 'agent-dead', 'no-confirm'] as const;
export type RuntimeFault = (typeof runtimeFaults)[number];

/** Where the power fails: at a stage, or just before the n-th write since power-on, loader and system together. */
export type PowerCut = { readonly stage: BootStage } | { readonly write: number };

/** What a fault of a boot does. */
export type Effect =
  /** Every boot of the bank goes this way. */
  | { readonly on: 'runtime'; readonly behaviour: RuntimeFault }
  /** Damages the bank before the first boot; throws kind `usage` where the bank has no such file. */
  | { readonly on: 'disk'; readonly damage: (volume: FatVolume, fault: string) => void }
  /** Nothing that is written to the disk is kept. */
  | { readonly on: 'medium' }
  /** Once, the first time that it is reached. */
  | { readonly on: 'power'; readonly cut: PowerCut };

/** A fault of a boot as it was asked for, not yet bound to a disk. */
export interface NamedFault {
  /** As it was written: `flip-bit=engine.v00:17@6`. */
  readonly text: string;
  readonly row: BootFaultRow;
  readonly effect: Effect;
  /** Partition number after `@`. */
  readonly bank?: number;
}

/** A fault of a boot that is sure which bank it is about; none: the whole disk, or any bank. */
export interface Fault {
  readonly text: string;
  readonly effect: Effect;
  readonly bank?: number;
}

/** Faults that come and go while a machine runs. */
export type LiveFault =
  /** Reads or writes of the disk fail, all or those of a partition. */
  | { readonly live: 'io-error'; readonly on: 'read' | 'write'; readonly partition?: number }
  /** The disk takes so long for each request. */
  | { readonly live: 'disk-latency'; readonly milliseconds: number }
  | { readonly live: 'network-down' }
  /** The hardware clock is moved, seconds either way; from the next power-on where the machine is on. */
  | { readonly live: 'clock-jump'; readonly seconds: number }
  /** No room is left where `path` is: `store`, the partition, or a folder of the in-memory file system. */
  | { readonly live: 'disk-full'; readonly path: string }
  /** The kernel panics, once. */
  | { readonly live: 'panic' };

/** One fault by its name; `What` is what its argument makes of it. */
export interface FaultRow<What> {
  readonly name: string;
  /** `flip-bit=FILE[:OFFSET]` */
  readonly usage: string;
  readonly meaning: string;
  /** Whether `@BANK` makes sense, and whether without it the bank that would boot first is meant. */
  readonly bank: 'first' | 'any' | 'none';
  /** What the fault does, or what was expected of the argument. */
  parse(argument: string | undefined): What | string;
}

export interface BootFaultRow extends FaultRow<Effect> {
  readonly engines: readonly MachineKind[];
}

export type LiveFaultRow = FaultRow<LiveFault>;

export function isLive(fault: NamedFault | LiveFault): fault is LiveFault {
  return 'live' in fault;
}

/** Whether two live faults are the same one. */
export function sameFault(one: LiveFault, other: LiveFault): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
