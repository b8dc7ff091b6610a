import { isBankPartition } from '../../../bootloader/image-partitions.ts';
import { openFileDevice } from '../../../disk/file-device.ts';
import { readGpt } from '../../../disk/gpt.ts';
import { readBankForUpdate } from '../../../update/bank-reading.ts';
import { type BankProof, verifyBank } from '../../../update/verify-bank.ts';
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

/** What the manifests of the running bank prove. */
export interface ManifestProof {
  /** Why they prove nothing, or undefined. */
  readonly problem: string | undefined;
  readonly signed: BankProof['signed'];
  /** Paths of the files that signed manifests list, without a leading slash. */
  readonly files: readonly string[];
}

/**
 * Whether each manifest of the running bank is signed by a key that the base trusts, they fit together, and
 * every module that the loader proved is listed by one of them.
 */
export function proveManifests({ number, device: path }: BankPartition): ManifestProof {
  const device = openFileDevice(path);
  try {
    // The loader has held every file against its NAME.sum; here the sums are held against the manifests.
    const reading = readBankForUpdate(number, device);
    const { problems, signed } = verifyBank(reading, { by: 'sums' });
    const listed = reading.manifests
      .filter(({ manifest }) => signed.some(({ origin }) => origin === manifest.origin))
      .flatMap(({ manifest }) => manifest.modules.flatMap(({ files }) => files));
    return { problem: problems[0]?.message, signed, files: listed };
  } finally {
    device.close();
  }
}
