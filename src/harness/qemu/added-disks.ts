import { existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { BlockDevice } from '../../disk/block-device.ts';
import { writeQcow2File } from '../../disk/qcow2/file.ts';
import { choice, map, size } from '../../recipe/field.ts';
import { type DiskType, diskTypes } from './disk-type.ts';
import { escapeComma } from './escape-comma.ts';

/** A disk beside the one that the machine boots from: blank at first, and as its system leaves it from then on. */
export interface AddedDisk {
  /** Bytes. */
  readonly size: number;
  /** Default: that of the disk that the machine boots from. */
  readonly bus?: DiskType | undefined;
}

const MiB = 2 ** 20;
/** QEMU's AHCI controller has six ports; the first one has the disk that the machine boots from. */
const mostDisks = 5;

/** What `machine.disks` of a scenario takes. */
export function addedDisksSchema() {
  const bytes = () => size(MiB, 16 * 2 ** 40, { step: MiB });
  const form = map({
    size: bytes().describe('Its size, such as 8GiB'),
    bus: choice(diskTypes).optional().describe("How it is attached; default as the machine's disk"),
  });
  const short = z.codec(bytes(), z.custom<AddedDisk>(), {
    decode: (found): AddedDisk => ({ size: found }),
    encode: (disk) => disk.size,
  });
  const expected = 'a size such as 8GiB, or a map such as { size: 8GiB, bus: nvme }';
  const most = `at most ${mostDisks} disks`;
  return z
    .array(z.union([short, form], { error: expected }), { error: 'a list of sizes such as [8GiB]' })
    .max(mostDisks, { error: most });
}

/** The file of a machine's disk, from 1 on. qcow2: a copy of it has only what was written. */
export function addedDiskFile(folder: string, number: number): string {
  return join(folder, `added${number}.qcow2`);
}

/** Makes those that are not there yet, blank. Throws kind `io`. */
export async function makeAddedDisks(folder: string, disks: readonly AddedDisk[]): Promise<void> {
  for (const [index, { size: bytes }] of disks.entries()) {
    const path = addedDiskFile(folder, index + 1);
    if (!existsSync(path)) await writeQcow2File(path, { device: zeros(bytes), extents: [] });
  }
}

/** Takes those of one folder to another, where they take the place of what is there. */
export async function copyAddedDisks(
  from: string,
  to: string,
  disks: readonly AddedDisk[],
): Promise<void> {
  for (const index of disks.keys()) {
    const [source, target] = [from, to].map((folder) => addedDiskFile(folder, index + 1));
    if (source === undefined || target === undefined) continue;
    if (existsSync(source)) await copyFile(source, target);
    else await rm(target, { force: true });
  }
}

/** QEMU's words for a disk. It has a controller of its own where the machine's may be none, and a serial number in any case. */
export function addedDiskArguments(
  number: number,
  { path, format, bus }: { readonly path: string; readonly format: string; readonly bus: DiskType },
): string[] {
  const id = `added${number}`;
  const facts = `drive=${id},serial=twinbank-${id}`;
  const devices: Record<DiskType, readonly string[]> = {
    virtio: [`virtio-blk-pci,${facts}`],
    ahci: [`ide-hd,bus=ide.${number},${facts}`],
    nvme: [`nvme,${facts}`],
    usb: [`qemu-xhci,id=${id}-usb`, `usb-storage,bus=${id}-usb.0,${facts}`],
    pvscsi: [`pvscsi,id=${id}-scsi`, `scsi-hd,bus=${id}-scsi.0,${facts}`],
  };
  return [
    ...['-drive', `file=${escapeComma(path)},format=${format},if=none,id=${id}`],
    ...devices[bus].flatMap((device) => ['-device', device]),
  ];
}

/** What a blank disk has; nobody writes to it. */
function zeros(bytes: number): BlockDevice {
  return {
    size: bytes,
    read: (_offset, length) => new Uint8Array(length),
    write: () => {},
    flush: () => {},
  };
}
