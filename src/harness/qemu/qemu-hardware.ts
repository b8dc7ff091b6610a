import type { CommonOptions } from '../machine/test-machine.ts';
import type { Hardware } from './hardware.ts';
import { defaultMachine, type MachineOptions } from './machine.ts';
import { imageNode } from './qemu-live-faults.ts';

/** Hardware and further arguments; what is left out is `defaultMachine`'s. */
export interface QemuOptions extends CommonOptions, Partial<Hardware> {
  readonly extra?: readonly string[];
}

export interface QemuDisk {
  readonly path: string;
  readonly firmwareVariables: string;
  /** Folder of its added disks. */
  readonly addedDisks: string;
}

/** QEMU's options for one power-on of a test machine. */
export function qemuHardware(
  options: QemuOptions,
  disk: QemuDisk,
  more: { readonly clockJump: number; readonly extra: readonly string[] },
): MachineOptions {
  const { signal: _, extra = [], ...hardware } = options;
  return {
    ...defaultMachine,
    ...hardware,
    image: disk.path,
    format: 'raw',
    write: true,
    firmwareVariables: disk.firmwareVariables,
    addedDisks: disk.addedDisks,
    extra: [
      ...['-set', `drive.disk.node-name=${imageNode}`, '-action', 'reboot=reset'],
      ...clockArguments(more.clockJump),
      ...extra,
      ...more.extra,
    ],
  };
}

/** QEMU's clock goes on with the host's, from another moment. */
function clockArguments(seconds: number): string[] {
  if (seconds === 0) return [];
  const base = new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19);
  return ['-rtc', `base=${base}`];
}
