import { isBankPartition } from '../../bootloader/image-partitions.ts';
import { openFileDevice } from '../../disk/file-device.ts';
import { readGpt } from '../../disk/gpt.ts';
import { readBankForUpdate } from '../../update/bank-reading.ts';
import { verifyBank } from '../../update/verify-bank.ts';
import { type BankPartition, partitionByName, partitionByNumber } from './bank-partition.ts';
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

/**
 * What is wrong with the running bank's manifests, or undefined: each signed by a key that the base trusts,
 * fitting together, and every module that the loader proved listed by one of them.
 */
export function manifestProblem({ number, device: path }: BankPartition): string | undefined {
  const device = openFileDevice(path);
  try {
    // The loader has held every file against its NAME.sum; here the sums are held against the manifests.
    const { problems } = verifyBank(readBankForUpdate(number, device), { by: 'sums' });
    return problems[0]?.message;
  } finally {
    device.close();
  }
}
