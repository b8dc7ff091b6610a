import type { BlockDevice } from '../../disk/block-device.ts';
import type { ConsoleLog } from '../console-log.ts';
import type { Fault } from '../fault-text.ts';
import type { RpcClient } from '../rpc-client.ts';

/** What plays a scenario's machine. */
export const machineKinds = ['sim', 'qemu', 'command'] as const;
export type MachineKind = (typeof machineKinds)[number];

/** What a scenario can ask of a machine; one that lacks it makes the step not applicable. */
export const abilities = [
  /** Characters typed at the serial console. */
  'type',
  /** Keys of a keyboard. */
  'keys',
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

/** A machine that scenarios are run on. Everything that waits has a time-out, ends with `signal`, and throws kind `boot`. */
export interface TestMachine {
  readonly kind: MachineKind;
  readonly abilities: ReadonlySet<Ability>;
  /** Whether it can play the fault; else why not, as part of a sentence. */
  canInject(fault: Fault | LiveFault): true | string;

  /** Every line since the machine was made, over all its boots; it stays open while the power is off. */
  readonly console: ConsoleLog;
  /** Power-ons and resets so far: the number of the boot that runs. */
  readonly boots: number;

  /** Writes an image to the machine's disk. The power is off. */
  flash(image: string): Promise<void>;
  powerOn(): Promise<void>;
  /** The power button: an orderly end, awaited. */
  powerOff(): Promise<void>;
  /** The reset button. */
  reset(): Promise<void>;
  /** Pulls the plug. */
  cut(): Promise<void>;
  isOn(): boolean;

  type(text: string): Promise<void>;
  /** By QEMU's key names, joined with `-`: `esc`, `f12`, `ctrl-alt-delete`. */
  key(name: string): Promise<void>;
  /** PNG. */
  screenshot(): Promise<Uint8Array>;

  /** Faults of a boot act from the next power-on; live ones at once. */
  inject(fault: Fault | LiveFault): Promise<void>;
  /** Ends live faults: one, or all. */
  heal(fault?: LiveFault): Promise<void>;

  /** Speaks to vmkd of the system that runs. */
  readonly vmkd: RpcClient;
  /** Host and port at which a port of the machine is reached. */
  endpoint(port: number): Promise<{ readonly host: string; readonly port: number }>;

  /** The disk while the power is off; writes are kept. */
  withDisk<T>(
    use: (device: BlockDevice) => T,
    options?: { readonly writable?: boolean },
  ): Promise<T>;

  /** Keeps disk and, where it is on, everything else; `restore` of any machine of the same options begins there. */
  snapshot(): Promise<MachineSnapshot>;
  restore(snapshot: MachineSnapshot): Promise<void>;

  /** Ends every process and removes every file of it, whatever state it is in. */
  dispose(): Promise<void>;
}

/** Faults that come and go while a machine runs. */
export type LiveFault =
  /** Reads or writes of the disk fail, all or those of a partition. */
  | { readonly live: 'io-error'; readonly on: 'read' | 'write'; readonly partition?: number }
  | { readonly live: 'disk-latency'; readonly milliseconds: number }
  | { readonly live: 'network-down' }
  /** The hardware clock is moved; seconds, either way. */
  | { readonly live: 'clock-jump'; readonly seconds: number }
  /** The in-memory file system or the store is full. */
  | { readonly live: 'disk-full'; readonly path: string };

/** Opaque to all but the kind of machine that made it. */
export interface MachineSnapshot {
  readonly kind: MachineKind;
  dispose(): Promise<void>;
}
