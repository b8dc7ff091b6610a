import { unlessDamaged } from '../bootloader/damage.ts';
import { imagePartition } from '../bootloader/image-partitions.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { coredumpPlaces, readCoredumpHeader } from '../disk/coredump-header.ts';
import { type Extent, normalizeExtents } from '../disk/extents.ts';
import { usedExtents } from '../disk/fat/used-extents.ts';
import { readGpt } from '../disk/gpt.ts';
import type { GptPartition } from '../disk/gpt-entry.ts';
import { partitionDevice } from '../disk/partition-device.ts';

/**
 * What of a disk counts, zero or not. On a target that held something else its zeros have to be written, too: a
 * table's old entry, or a state slot's old content, would be read as part of the new system.
 */
export function essentialExtents(disk: BlockDevice): Extent[] {
  return normalizeExtents(
    readGpt(disk).partitions.flatMap((partition) => {
      const start = partition.firstLba * 512;
      const device = partitionDevice(disk, partition);
      return extentsIn(partition, device).map(({ offset, length }) => {
        return { offset: start + offset, length: Math.min(length, device.size - offset) };
      });
    }),
  );
}

function extentsIn(partition: GptPartition, device: BlockDevice): readonly Extent[] {
  // Of what is not ours, or cannot be read, we cannot tell.
  const all = [{ offset: 0, length: device.size }];
  const role = imagePartition(partition)?.role;
  if (role === 'coredump')
    return (
      unlessDamaged(
        () => dumpExtents(device),
        () => {},
      ) ?? all
    );
  if (role === undefined || role === 'bios-boot') return all;
  return (
    unlessDamaged(
      () => usedExtents(device),
      () => {},
    ) ?? all
  );
}

function dumpExtents(device: BlockDevice): readonly Extent[] {
  const { state, length } = readCoredumpHeader(device);
  const end = state === 'empty' ? 4096 : coredumpPlaces.dump.offset + length;
  return [{ offset: 0, length: Math.min(end, device.size) }];
}
