import { unlessDamaged } from '../../../bootloader/damage.ts';
import { isBankPartition } from '../../../bootloader/image-partitions.ts';
import { openFileDevice } from '../../../disk/file-device.ts';
import { readGpt } from '../../../disk/gpt.ts';
import { type VerifiedManifests, verifyManifests } from '../../../hostcore/verify-manifests.ts';
import { type BankReading, readBankForUpdate } from '../../../update/bank-reading.ts';
import { type LoaderVerdict, verifyLoader } from '../../../update/verify-loader.ts';
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

/** As of `verifyManifests`, of the bank that runs, with the loader of its disk. */
export function verifyRunningBank(bank: BankPartition): VerifiedManifests {
  const device = openFileDevice(bank.device);
  try {
    const verified = verifyManifests(bank.number, device);
    const loader = unlessDamaged(
      () => verifyRunningLoader(bank),
      () => {},
    );
    return { ...verified, ...(loader && { loader }) };
  } finally {
    device.close();
  }
}

/**
 * As of `verifyLoader`. Banks are read by devices of their own: what is cached of the whole disk would be old after an
 * update. What the loader itself consists of nobody writes.
 */
function verifyRunningLoader({ number, disk: path }: BankPartition): LoaderVerdict {
  const disk = openFileDevice(path);
  try {
    const { partitions } = readGpt(disk);
    const banks = partitions.filter(isBankPartition).flatMap((one) => {
      const place = partitionByNumber(path, one.number);
      return place === undefined ? [] : [readBank(one.number, place)];
    });
    return verifyLoader({ disk, partitions, banks }, { current: number });
  } finally {
    disk.close();
  }
}

function readBank(number: number, path: string): BankReading {
  const device = openFileDevice(path);
  try {
    return readBankForUpdate(number, device);
  } finally {
    device.close();
  }
}
