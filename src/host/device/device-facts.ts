import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { followed, namesIn, numberOf, type SystemFolders, textOf } from './sysfs.ts';

/** What there is to know of a block device before it is erased. */
export interface DeviceFacts {
  /** The kernel's, such as `sdb`. */
  readonly name: string;
  /** `8:16` */
  readonly number: string;
  readonly bytes: number;
  readonly model: string | null;
  /**
   * What tells it from another of its model: the serial number that lsblk shows; of a loop device its file, of a
   * mapped device its UUID.
   */
  readonly serial: string | null;
  /** Bytes of a sector, as the device addresses and as it stores them. */
  readonly logicalSector: number;
  readonly physicalSector: number;
  readonly readOnly: boolean;
  readonly removable: boolean;
  /** The disk that it is a partition of. */
  readonly partOf: string | null;
  readonly partitions: readonly { readonly name: string; readonly bytes: number }[];
}

/**
 * The facts of the device with a number such as `8:16`, from sysfs and from what udev has found out; undefined
 * where sysfs does not know it.
 */
export function readDeviceFacts(number: string, folders: SystemFolders): DeviceFacts | undefined {
  const folder = followed(folders.sys, 'dev/block', number);
  if (folder === undefined) return undefined;
  const isPartition = numberOf(folder, 'partition') !== undefined;
  const disk = isPartition ? dirname(folder) : folder;
  const udev = udevProperties(number, folders);
  const text = (...path: string[]): string | null => textOf(...path) || null;
  return {
    name: basename(folder),
    number,
    bytes: bytesOf(folder),
    model: modelOf(disk) ?? text(disk, 'dm/name'),
    serial: serialOf(disk, udev),
    logicalSector: numberOf(disk, 'queue/logical_block_size') ?? 512,
    physicalSector: numberOf(disk, 'queue/physical_block_size') ?? 512,
    readOnly: numberOf(folder, 'ro') === 1,
    removable: numberOf(disk, 'removable') === 1,
    partOf: isPartition ? basename(disk) : null,
    partitions: partitionsOf(folder).map((name) => ({ name, bytes: bytesOf(join(folder, name)) })),
  };
}

/** Names of the partitions that the kernel has found on a disk. */
export function partitionsOf(folder: string): string[] {
  return namesIn(folder).filter((name) => numberOf(folder, name, 'partition') !== undefined);
}

/** Where on a disk the kernel has found partitions, in bytes. */
export function partitionExtents(
  number: string,
  folders: SystemFolders,
): { readonly offset: number; readonly length: number }[] {
  const folder = followed(folders.sys, 'dev/block', number);
  if (folder === undefined) return [];
  return partitionsOf(folder).map((name) => {
    // In units of 512 bytes, as the size.
    const offset = (numberOf(folder, name, 'start') ?? 0) * 512;
    return { offset, length: bytesOf(join(folder, name)) };
  });
}

/** The kernel counts in units of 512 bytes here, whatever the device's own sectors are. */
function bytesOf(folder: string): number {
  return (numberOf(folder, 'size') ?? 0) * 512;
}

/** Of SCSI, NVMe and MMC; of a USB device what its own descriptors say where the disk in it is silent. */
function modelOf(disk: string): string | null {
  const model = textOf(disk, 'device/model') || textOf(disk, 'device/name');
  const vendor = textOf(disk, 'device/vendor');
  // Of SATA disks the kernel makes this up, and PCI has a number here.
  const named = vendor !== undefined && vendor !== 'ATA' && !vendor.startsWith('0x');
  if (model) return named && vendor !== '' ? `${vendor} ${model}` : model;
  return usbText(disk, 'product') ?? null;
}

function serialOf(disk: string, udev: ReadonlyMap<string, string>): string | null {
  const candidates = [
    ...['SCSI_IDENT_SERIAL', 'ID_SCSI_SERIAL', 'ID_SERIAL_SHORT'].map((key) => udev.get(key)),
    textOf(disk, 'serial'),
    textOf(disk, 'device/serial'),
    unitSerial(disk),
    usbText(disk, 'serial'),
    textOf(disk, 'loop/backing_file'),
    textOf(disk, 'dm/uuid'),
    textOf(disk, 'md/uuid'),
    textOf(disk, 'wwid') ?? textOf(disk, 'device/wwid'),
  ];
  return candidates.find((text) => text !== undefined && text !== '') ?? null;
}

/** SCSI vital product data page 80h, "unit serial number" (SPC-4 section 7.8.13): 4 bytes of header, then ASCII. */
function unitSerial(disk: string): string | undefined {
  try {
    return readFileSync(join(disk, 'device/vpd_pg80')).toString('latin1', 4).trim();
  } catch {
    return undefined;
  }
}

/** A descriptor of the USB device that a disk is in: the nearest folder above it that has one. */
function usbText(disk: string, name: string): string | undefined {
  for (let folder = followed(disk, 'device'); folder && folder !== '/'; folder = dirname(folder)) {
    if (textOf(folder, 'idVendor') !== undefined) return textOf(folder, name);
  }
  return undefined;
}

/** Lines `E:KEY=value` of udev's database (systemd, src/libsystemd/sd-device). */
function udevProperties(number: string, { run }: SystemFolders): ReadonlyMap<string, string> {
  const lines = (textOf(run, 'udev/data', `b${number}`) ?? '').split('\n');
  return new Map(
    lines.flatMap((line): [string, string][] => {
      const [, key, value] = /^E:(\w+)=(.*)$/.exec(line) ?? [];
      return key !== undefined && value !== undefined ? [[key, value.trim()]] : [];
    }),
  );
}
