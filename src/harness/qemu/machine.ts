import { defaultHardware, type Hardware } from './hardware.ts';
import type { KeptFiles } from './machine-files.ts';

/** One run of a virtual machine: its hardware (machine-options.ts), its disk, and what QEMU is to do beside. */
export interface MachineOptions extends Hardware, KeptFiles {
  /** Path of a raw or qcow2 image. */
  readonly image: string;
  readonly format: 'raw' | 'qcow2';
  /** Keep what the machine writes; otherwise it goes to a snapshot that is thrown away. */
  readonly write: boolean;
  /**
   * Records every write and flush of the disk in this file, which is there and empty, in the form of Linux' dm-log-writes (QEMU's
   * blklogwrites driver), to be cut and replayed afterwards. Raw images only.
   */
  readonly writeLog?: string;
  /** Further arguments for QEMU's command line. */
  readonly extra: readonly string[];
}

export const defaultMachine: Omit<MachineOptions, 'image'> = {
  ...defaultHardware,
  format: 'raw',
  write: false,
  extra: [],
};
