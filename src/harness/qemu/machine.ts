/** Firmware and disk of a virtual machine, by the names that options and scenarios use. */
export const firmwares = ['bios', 'uefi'] as const;
export type Firmware = (typeof firmwares)[number];

export const diskTypes = ['virtio', 'ahci', 'nvme', 'usb'] as const;
export type DiskType = (typeof diskTypes)[number];

/** Hardware watchdogs that QEMU has: a PCI card, and the one in the chipset. */
export const watchdogs = ['i6300esb', 'itco'] as const;
export type WatchdogType = (typeof watchdogs)[number];

/** `auto` takes the processor's own virtualisation where there is some. */
export const accelerators = ['auto', 'kvm', 'tcg'] as const;
export type Accelerator = (typeof accelerators)[number];

export interface MachineOptions {
  /** Path of a raw or qcow2 image. */
  readonly image: string;
  readonly format: 'raw' | 'qcow2';
  readonly firmware: Firmware;
  readonly disk: DiskType;
  /** Keep what the machine writes; otherwise it goes to a snapshot that is thrown away. */
  readonly write: boolean;
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly accelerator: Accelerator;
  /** QEMU's processor model: `max`, or `EPYC,+svm` for virtual machines inside. */
  readonly cpu: string;
  readonly watchdog: WatchdogType;
  /** A card on QEMU's own network, which has a DHCP server. */
  readonly network: boolean;
  /**
   * Records every write and flush of the disk in this file, which is there and empty, in the form of Linux' dm-log-writes (QEMU's
   * blklogwrites driver), to be cut and replayed afterwards. Raw images only.
   */
  readonly writeLog?: string;
  /** File with the variables of a UEFI machine that has run before; default: those of a new one. */
  readonly firmwareVariables?: string;
  /** Further words for QEMU's command line. */
  readonly extra: readonly string[];
}

export const defaultMachine: Omit<MachineOptions, 'image'> = {
  format: 'raw',
  firmware: 'bios',
  disk: 'virtio',
  write: false,
  memoryMiB: 768,
  cpus: 2,
  accelerator: 'auto',
  cpu: 'max',
  watchdog: 'i6300esb',
  network: true,
  extra: [],
};
