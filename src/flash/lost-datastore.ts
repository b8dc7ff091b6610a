import { unlessDamaged } from '../bootloader/damage.ts';
import { humanSize } from '../diagnostics/size.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { datastorePartition } from '../disk/datastore-partition.ts';
import { decodeSuperblock, superblockPlace } from '../disk/ext4-superblock.ts';
import { readGpt } from '../disk/gpt.ts';
import { partitionDevice } from '../disk/partition-device.ts';

/**
 * What is said of a target that has a datastore of ours, as it goes with the old partition table; undefined where there is none, and where the
 * table cannot be read.
 */
export function lostDatastore(target: string, disk: BlockDevice): string | undefined {
  const read = (): string | undefined => {
    const found = datastorePartition(readGpt(disk).partitions);
    if (!found) return undefined;
    const partition = partitionDevice(disk, found);
    const { offset, length } = superblockPlace;
    const label = decodeSuperblock(partition.read(offset, length))?.label || 'a datastore';
    const size = humanSize(partition.size);
    return `${target}: ${label} in partition ${found.number} (${size}) will be lost, with the machines on it`;
  };
  return unlessDamaged(read, () => {});
}
