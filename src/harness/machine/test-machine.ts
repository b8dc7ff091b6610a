import type { Person } from '../../bootloader/selection.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import type { RpcClient } from '../../protocol/rpc-client.ts';
import type { ConsoleLog, LinePattern } from '../console/console-log.ts';
import type { MachineKind } from '../faults/engine.ts';
import type { LiveFault, NamedFault } from '../faults/fault.ts';

/** What a scenario can ask of a machine; one that lacks it makes the step not applicable. */
export const abilities = [
  /** Characters typed at the serial console. */
  'type',
  /** Keys of a keyboard. */
  'keys',
  /** A person's choice at the loader. */
  'loader',
  /** A picture of the screen. */
  'screen',
  /** vmkd's own answers. */
  'vmkd',
  /** Ports of the machine, reached over the network. */
  'network',
  /** The power fails, at once. */
  'cut',
  /** Its disk can be read and written while the power is off. */
  'disk',
  /** A state can be kept and gone back to. */
  'snapshot',
] as const;
export type Ability = (typeof abilities)[number];

/** What happened to the power. `reset` is also one that the machine made itself: panic, watchdog, reboot. */
export interface PowerEvent {
  readonly what: 'on' | 'off' | 'reset' | 'cut';
  /** The fault that did it, as it was written. */
  readonly fault?: string;
}

/**
 * A machine that scenarios are run on. Everything that waits has a time-out, ends with the signal that the
 * machine was made with, and throws kind `boot`; what a machine lacks throws `harness.not-able` (`isNotAble`).
 */
export interface TestMachine {
  readonly kind: MachineKind;
  readonly abilities: ReadonlySet<Ability>;
  /** Whether it can play the fault; else why not, as a clause. */
  canInject(fault: NamedFault | LiveFault): true | string;

  /**
   * Every line since the machine was made, over all its boots; `seconds` are those since the power-on or reset
   * before the line. It stays open while the power is off, and closes when the machine is lost or disposed of.
   */
  readonly console: ConsoleLog;
  /** Power-ons and resets so far: the number of the boot that runs, from 1. */
  readonly boots: number;
  onPower(listener: (event: PowerEvent) => void): void;
  /** Why the machine is gone by itself (QEMU crashed, a rig's serial line ended), or undefined. */
  lost(): TwinbankError | undefined;

  /** Writes an image to the machine's disk. The power is off. */
  flash(image: string): Promise<void>;
  powerOn(): Promise<void>;
  /** The power button: an orderly end, awaited. */
  powerOff(): Promise<void>;
  /** The reset button. */
  reset(): Promise<void>;
  /**
   * Pulls the plug: at once, or at the next line that matches, which is awaited. To be sure that the line is
   * still to come, call it before `powerOn` and await it after: a simulated boot takes no time.
   */
  cut(at?: { readonly line: LinePattern; readonly timeoutMs: number }): Promise<void>;
  isOn(): boolean;
  /**
   * Whether nothing of it changes any more until somebody acts: one in which no time passes, and that has nothing left
   * to do. One in which time passes does not have it.
   */
  settled?(): Promise<boolean>;

  type(text: string): Promise<void>;
  /** By QEMU's key names, joined with `-`: `esc`, `f12`, `ctrl-alt-delete`. */
  key(name: string): Promise<void>;
  /** A person chooses at the loader's console, the next time that it starts. */
  atLoader(person: Person): Promise<void>;
  /** PNG. */
  screenshot(): Promise<Uint8Array>;

  /**
   * Faults of a boot act from the next power-on, on the bank that the loader would boot as the disk is now
   * where they name none; damage to the disk is done at once, with the power off. Live ones act at once.
   */
  inject(fault: NamedFault | LiveFault): Promise<void>;
  /** Ends faults, one or all: those of a boot from the next power-on, live ones at once. Damage to the disk stays. */
  heal(fault?: NamedFault | LiveFault): Promise<void>;
  /** Faults that were injected and have not happened yet, as they were written, as far as can be told. */
  unfired(): readonly string[];

  /** Speaks to vmkd of the system that runs. */
  readonly vmkd: RpcClient;
  /** How this host is called by the machine's system, such as `10.0.2.2`; undefined where it cannot be reached. */
  readonly hostAddress: string | undefined;
  /** Host and port at which a port of the machine is reached, until its power goes. */
  endpoint(
    port: number,
    protocol?: 'tcp' | 'udp',
  ): Promise<{ readonly host: string; readonly port: number }>;

  /** The disk while the power is off; writes are kept. For reading also while it runs: what has been written. */
  withDisk<T>(
    use: (device: BlockDevice) => T | Promise<T>,
    options?: { readonly writable?: boolean },
  ): Promise<T>;

  /**
   * Keeps disk, console and, where it is on, everything else; `restore` of any machine of the same kind and
   * options goes on there. The system's own clock goes on from the moment of the snapshot.
   */
  snapshot(): Promise<MachineSnapshot>;
  restore(snapshot: MachineSnapshot): Promise<void>;

  /** Ends every process and removes every file of it, whatever state it is in. A second call does nothing. */
  dispose(): Promise<void>;
}

/** What every kind of machine takes. */
export interface CommonOptions {
  /** Ends whatever waits, and every process of the machine. */
  readonly signal?: AbortSignal;
}

/** Opaque to all but the kind of machine that made it. */
export interface MachineSnapshot {
  readonly kind: MachineKind;
  dispose(): Promise<void>;
}

/** The error for what a kind of machine, or this one, lacks: nothing is wrong with what is tested. */
export function notAble(who: string, what: string, why: string): TwinbankError {
  return new TwinbankError('boot', 'harness.not-able', `${who}: ${what}: ${why}`);
}

/** The error for what needs the power the other way: a mistake of whoever asks. */
export function wrongPower(
  what: string,
  expected: 'on' | 'off',
  found: 'on' | 'off',
): TwinbankError {
  const message = `${what}: expected a machine that is ${expected}, found one that is ${found}`;
  return new TwinbankError('boot', 'harness.power', message);
}

export function isNotAble(error: unknown): boolean {
  return error instanceof TwinbankError && error.code === 'harness.not-able';
}
