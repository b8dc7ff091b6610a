import type { BlockDevice } from '../disk/block-device.ts';
import { alignExtents, type Extent } from '../disk/extents.ts';
import { readGpt } from '../disk/gpt.ts';
import { essentialExtents } from './essential-extents.ts';
import type { FinishedDisk } from './finished-disk.ts';

const MiB = 2 ** 20;

/** Media erase and write in blocks of this size, or in multiples of it. */
const alignment = 4096;

/**
 * Where a disk or a partition is told by its marks (util-linux, libblkid/src/superblocks): the farthest from the beginning are
 * VMFS and bcachefs at 2 MiB, and the last copy of LUKS2's header at 4 MiB; from the end Promise's RAID, 3087 sectors before it.
 */
const frontBytes = 2 * MiB + 128 * 1024;
const lastLuksHeader: Extent = { offset: 4 * MiB, length: 4096 };
const endBytes = 2 * MiB;

/**
 * All that has to be written to a device that may hold anything: data, what counts in the image, zero or not, and the
 * places where marks of what was there before would be found, on the disk, on its partitions, and on those that it had.
 * RAIDs, volumes and file systems of before are assembled and offered by their marks alone, whatever the table says.
 */
export function deviceExtents(disk: FinishedDisk, oldPartitions: readonly Extent[]): Extent[] {
  const { device, extents } = disk;
  const all = [...extents, ...essentialExtents(device), ...signatureExtents(device, oldPartitions)];
  return alignExtents(all, alignment, device.size);
}

function signatureExtents(device: BlockDevice, oldPartitions: readonly Extent[]): Extent[] {
  const partitions = readGpt(device).partitions.map(({ firstLba, lastLba }) => {
    return { offset: firstLba * 512, length: (lastLba - firstLba + 1) * 512 };
  });
  const places = [{ offset: 0, length: device.size }, ...partitions, ...oldPartitions];
  return places.flatMap(marksOf).flatMap(({ offset, length }) => {
    const start = Math.max(0, offset);
    const end = Math.min(offset + length, device.size);
    return end > start ? [{ offset: start, length: end - start }] : [];
  });
}

function marksOf({ offset, length }: Extent): Extent[] {
  const end = offset + length;
  const within = (at: Extent): Extent => {
    return { offset: offset + at.offset, length: Math.min(at.length, length - at.offset) };
  };
  return [
    within({ offset: 0, length: frontBytes }),
    within(lastLuksHeader),
    { offset: Math.max(offset, end - endBytes), length: Math.min(endBytes, length) },
  ];
}
