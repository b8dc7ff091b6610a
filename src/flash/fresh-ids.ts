import { unlessDamaged } from '../bootloader/damage.ts';
import { imagePartition } from '../bootloader/image-partitions.ts';
import { writeBankMagic } from '../disk/bank-magic.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { writeSerial } from '../disk/fat/boot-sector.ts';
import { readGpt, writeGpt } from '../disk/gpt.ts';
import type { GptPartition } from '../disk/gpt-entry.ts';
import { deriveGuid, deriveSerial } from '../disk/guid.ts';
import { partitionDevice } from '../disk/partition-device.ts';

/**
 * Gives a disk the GUIDs, volume serials and bank UUIDs that follow from `identity`, as a build with that identity
 * would have. Two disks with equal ones in one host would be taken for one another. Nothing in an image refers to
 * them: the loader tells the system the GUID of the partition that it boots.
 */
export function freshIds(disk: BlockDevice, identity: string): void {
  const { partitions } = readGpt(disk);
  writeGpt(disk, {
    diskGuid: deriveGuid(identity, 'disk'),
    partitions: partitions.map((partition) => {
      return { ...partition, guid: deriveGuid(identity, `partition ${nameOf(partition)}`) };
    }),
  });
  for (const partition of partitions) {
    const role = imagePartition(partition)?.role;
    const volume = partitionDevice(disk, partition);
    const name = nameOf(partition);
    if (role === 'loader' || role === 'bank' || role === 'store') {
      // What is no FAT volume has no serial number.
      unlessDamaged(
        () => writeSerial(volume, deriveSerial(identity, `volume ${name}`)),
        () => {},
      );
    }
    if (role === 'bank') writeBankMagic(volume, deriveGuid(identity, `bank ${name}`));
  }
}

/** The name that the builder gives it; of what somebody has added, names need not differ. */
function nameOf(partition: GptPartition): string {
  return imagePartition(partition)?.name ?? `number ${partition.number}`;
}
