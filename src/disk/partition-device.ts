import { type BlockDevice, sliceDevice } from './block-device.ts';
import type { Extent } from './extents.ts';
import type { GptPartition } from './gpt-entry.ts';

type Place = Pick<GptPartition, 'firstLba' | 'lastLba'>;

/** Where a partition lies on its disk, in bytes. */
export function partitionExtent({ firstLba, lastLba }: Place): Extent {
  return { offset: firstLba * 512, length: (lastLba - firstLba + 1) * 512 };
}

/** A partition of a disk as a device of its own. Throws `device.out-of-range` where the disk ends before it. */
export function partitionDevice(disk: BlockDevice, place: Place): BlockDevice {
  const { offset, length } = partitionExtent(place);
  return sliceDevice(disk, offset, length);
}
