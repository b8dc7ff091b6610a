import type { CommandOptions } from './command/command-machine.ts';
import type { MachineKind } from './faults/engine.ts';
import type { TestMachine } from './machine/test-machine.ts';
import type { QemuOptions } from './qemu/qemu-hardware.ts';
import type { SimOptions } from './sim/sim-machine.ts';

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
  sim: async (options) => new (await import('./sim/sim-machine.ts')).SimMachine(options),
  qemu: async (options) => new (await import('./qemu/qemu-machine.ts')).QemuTestMachine(options),
  command: async (options) =>
    new (await import('./command/command-machine.ts')).CommandMachine(options),
};
