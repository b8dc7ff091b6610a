import type { ManifestPackage } from '../bootloader/bank-manifest.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { readBankForUpdate } from '../update/bank-reading.ts';
import { type BankVerification, verifyBank } from '../update/verify-bank.ts';
import type { LoaderVerdict } from '../update/verify-loader.ts';

/** What the manifests of the running bank say, as far as they can be trusted. */
export interface VerifiedManifests {
  /** Why they cannot, or undefined. */
  readonly problem: string | undefined;
  readonly signed: BankVerification['signed'];
  /** Paths of the files that signed manifests list, without a leading slash. */
  readonly files: readonly string[];
  /** Packages of the store that its signed base names. */
  readonly packages: readonly ManifestPackage[];
  /** Of the disk that it is on; undefined where nobody has looked. */
  readonly loader?: LoaderVerdict;
}

/**
 * Whether each manifest of the running bank is signed by a key that the base trusts, they fit together, and every module that
 * the loader verified is listed by one of them.
 */
export function verifyManifests(number: number, device: BlockDevice): VerifiedManifests {
  // The loader has held every file against its NAME.sum; here the sums are held against the manifests.
  const reading = readBankForUpdate(number, device);
  const { problems, signed } = verifyBank(reading, { by: 'sums' });
  const believed = reading.manifests
    .map(({ manifest }) => manifest)
    .filter((manifest) => signed.some(({ origin }) => origin === manifest.origin));
  const files = believed.flatMap(({ modules }) => modules.flatMap((module) => module.files));
  const packages = believed.flatMap(({ base }) => base?.packages ?? []);
  return { problem: problems[0]?.message, signed, files, packages };
}
