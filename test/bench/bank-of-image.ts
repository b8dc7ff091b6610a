import { readGpt } from '../../src/disk/gpt.ts';
import { openImage } from '../../src/disk/open-image.ts';
import { partitionDevice } from '../../src/disk/partition-device.ts';

/** All bytes of a partition of an image. */
export function readBank(image: string, number: number): Uint8Array {
  const { device, close } = openImage(image);
  try {
    const place = readGpt(device).partitions.find((partition) => partition.number === number);
    if (!place) throw new Error(`${image}: expected partition ${number}`);
    const partition = partitionDevice(device, place);
    return partition.read(0, partition.size);
  } finally {
    close();
  }
}
