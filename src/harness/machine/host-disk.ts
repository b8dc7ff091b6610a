import { imagePartition, isBankPartition } from '../../bootloader/image-partitions.ts';
import { assertTwinbankDisk } from '../../bootloader/inspect-image.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import { partitionDevice } from '../../disk/partition-device.ts';
import type { HostDisk } from '../../update/host-disk.ts';

/** A machine's disk at rest, as an update sees it. Throws as `assertTwinbankDisk` does. */
export function hostDiskOf(device: BlockDevice): HostDisk {
  const { partitions } = assertTwinbankDisk(device);
  const store = partitions.find((one) => imagePartition(one)?.role === 'store');
  return {
    banks: partitions.filter(isBankPartition).map((place) => {
      const { number, firstLba } = place;
      return { number, firstLba, device: partitionDevice(device, place) };
    }),
    store: store && partitionDevice(device, store),
    // Whoever owns the disk has nothing of it in a cache while the machine is off.
    dropCaches: async () => device.flush(),
  };
}
