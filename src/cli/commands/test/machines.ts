import { resolve } from 'node:path';
import { createMachine } from '../../../harness/create-machine.ts';
import type { MachineKind } from '../../../harness/faults/engine.ts';
import type { TestMachine } from '../../../harness/machine/test-machine.ts';
import type { MachineRequest } from '../../../harness/qemu/hardware.ts';
import type { Accelerator } from '../../../harness/qemu/machine-options.ts';

/** What plays the machines of a run. */
export interface MachineChoice {
  readonly kind: MachineKind;
  /** Path of the rig's description, for `command`. */
  readonly rig: string | undefined;
  readonly accelerator: Accelerator;
}

/** Makes the machines that scenarios request for, as far as the kind has a choice. */
export function machineMaker(
  { kind, rig, accelerator }: MachineChoice,
  cwd: string,
): (request: MachineRequest, signal: AbortSignal) => Promise<TestMachine> {
  return async (request, signal) => {
    if (kind === 'sim') return createMachine('sim', { signal });
    if (kind === 'qemu') return createMachine('qemu', { ...request, accelerator, signal });
    return createMachine('command', { rig: resolve(cwd, rig ?? ''), signal });
  };
}
