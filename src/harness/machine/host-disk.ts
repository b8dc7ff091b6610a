import { imagePartition, isBankPartition } from '../../bootloader/image-partitions.ts';
import { assertTwinbankDisk } from '../../bootloader/inspect-image.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import { partitionDevice } from '../../disk/partition-device.ts';
import type { HostDisk } from '../../update/host-disk.ts';
import { PowerFailure } from '../sim/sim-medium.ts';

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

/** The same device, whose power fails instead of the n-th write, counted from 1; nothing after it is kept. */
export function cuttingDevice(
  device: BlockDevice,
  n: number,
): { disk: BlockDevice; cut(): boolean } {
  let writes = 0;
  const assertPower = (): void => {
    if (writes >= n) throw new PowerFailure(`write ${n}`);
  };
  return {
    cut: () => writes >= n,
    disk: {
      size: device.size,
      sectorSize: device.sectorSize,
      read(offset, length, scratch) {
        assertPower();
        return device.read(offset, length, scratch);
      },
      write(offset, bytes) {
        writes += 1;
        assertPower();
        device.write(offset, bytes);
      },
      flush() {
        assertPower();
        device.flush();
      },
    },
  };
}
