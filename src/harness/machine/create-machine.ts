import type { MachineOptions } from '../qemu/machine.ts';
import type { MachineKind, TestMachine } from './test-machine.ts';

interface CommonOptions {
  /** Ends whatever waits, and every process of the machine. */
  readonly signal?: AbortSignal;
}

export interface SimOptions extends CommonOptions {
  /** Resets that are followed in one power-on, before the machine counts as one that never comes up; default 50. */
  readonly maxBoots?: number;
  /** The machine's clock, milliseconds since 1970; default the host's. */
  readonly now?: () => number;
}

/** SMBIOS (DMTF DSP0134): values by QEMU's names, such as `{ 1: { manufacturer: 'ACME', product: 'X1' } }`. */
export type SmbiosValues = Readonly<Record<number, Readonly<Record<string, string>>>>;

/** Hardware by the words of `boot`; what is left out is `defaultMachine`'s. */
export interface QemuOptions
  extends CommonOptions,
    Partial<Omit<MachineOptions, 'image' | 'format' | 'write' | 'writeLog' | 'firmwareVariables'>> {
  readonly smbios?: SmbiosValues;
}

export interface CommandOptions extends CommonOptions {
  /** Path of the rig's description (docs/machines.md). */
  readonly rig: string;
}

export interface OptionsOfKind {
  readonly sim: SimOptions;
  readonly qemu: QemuOptions;
  readonly command: CommandOptions;
}

/** A machine that is off, with nothing on its disk. Throws kind `recipe` for a rig description that is wrong. */
export async function createMachine<Kind extends MachineKind>(
  kind: Kind,
  options: OptionsOfKind[Kind],
): Promise<TestMachine> {
  const make: (options: OptionsOfKind[Kind]) => Promise<TestMachine> = makers[kind];
  return make(options);
}

/** Loaded when one is made: a simulated run reads nothing of QEMU. */
const makers: {
  readonly [Kind in MachineKind]: (options: OptionsOfKind[Kind]) => Promise<TestMachine>;
} = {
  sim: async (options) => new (await import('../sim/sim-machine.ts')).SimMachine(options),
  qemu: async (options) => new (await import('../qemu/qemu-machine.ts')).QemuTestMachine(options),
  command: async (options) =>
    new (await import('../command/command-machine.ts')).CommandMachine(options),
};
