import type { ManifestPackage } from '../../bootloader/bank-manifest.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import { type FatVolume, openFat } from '../../disk/fat/volume.ts';
import { type BankReading, readBankForUpdate } from '../bank-reading.ts';
import type { HostDisk } from '../host-disk.ts';
import { openStore } from '../store-volume.ts';
import { findStored } from '../stored-package.ts';
import { verifyBank } from '../verify-bank.ts';
import type { BundleParts, Chunks } from './make-bundle.ts';

const chunkBytes = 2 ** 20;

/**
 * What a bundle of a bank is made of. Throws kind `corrupt`: `bundle.bank` for a bank that is not what its
 * manifests say, `bundle.package` for a store that lacks a package of its build.
 */
export function bundlePartsOf(disk: HostDisk, number: number): BundleParts {
  const place = disk.banks.find((bank) => bank.number === number);
  const bank = place && readBankForUpdate(number, place.device);
  const [problem] = bank ? verifyBank(bank, { by: 'contents' }).problems : [];
  if (!bank || problem) {
    const found = problem?.message ?? 'no such bank';
    const message = `bank ${number}: expected what its manifests say, found ${found}`;
    throw new TwinbankError('corrupt', 'bundle.bank', message);
  }
  return {
    manifests: bank.manifests,
    moduleContent: ({ file }) => chunksOf(bank.device, volumeOf(bank), file),
    packageContent: (one) => packageChunks(disk, one),
  };
}

function volumeOf({ volume, device }: BankReading): FatVolume {
  return volume ?? openFat(device);
}

function packageChunks(disk: HostDisk, wanted: ManifestPackage): Chunks {
  let why = 'no store';
  const store = disk.store && openStore(disk.store, (problem) => (why = problem));
  const found = store ? findStored(store.facts, wanted) : why;
  if (disk.store && store && typeof found !== 'string') {
    return chunksOf(disk.store, store.volume, found.path);
  }
  const message = `store: expected the package ${wanted.name} of the build, found ${found}`;
  throw new TwinbankError('corrupt', 'bundle.package', message);
}

function chunksOf(device: BlockDevice, volume: FatVolume, path: string): Chunks {
  const extents = volume.extents(path);
  return function* () {
    for (const { offset, length } of extents) {
      for (let at = 0; at < length; at += chunkBytes) {
        yield device.read(offset + at, Math.min(chunkBytes, length - at));
      }
    }
  };
}
