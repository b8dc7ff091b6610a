import { isBankPartition } from '../../../bootloader/image-partitions.ts';
import { openFileDevice } from '../../../disk/file-device.ts';
import { readGpt } from '../../../disk/gpt.ts';
import { type VerifiedManifests, verifyManifests } from '../../../hostcore/verify-manifests.ts';
import { type BankPartition, partitionByName, partitionByNumber } from '../boot/bank-partition.ts';
import type { UpdatePlaces } from './update-message.ts';

/** Where the banks and the store of the disk are that the system runs from. */
export function updatePlaces({ number: running, disk }: BankPartition): UpdatePlaces {
  const device = openFileDevice(disk);
  try {
    const banks = readGpt(device).partitions.filter(isBankPartition);
    return {
      running,
      store: partitionByName(disk, 'store'),
      banks: banks.flatMap(({ number, firstLba }) => {
        const path = partitionByNumber(disk, number);
        return path === undefined ? [] : [{ number, firstLba, device: path }];
      }),
    };
  } finally {
    device.close();
  }
}

/** As of `verifyManifests`, of the bank that runs. */
export function verifyRunningBank({ number, device: path }: BankPartition): VerifiedManifests {
  const device = openFileDevice(path);
  try {
    return verifyManifests(number, device);
  } finally {
    device.close();
  }
}
