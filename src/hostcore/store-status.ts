import type { ManifestPackage } from '../bootloader/bank-manifest.ts';
import type { StoreReport } from '../update/stored-package.ts';

/** A package of the running build, as `status` tells it; what its manifest does not say is null. */
export interface PackageStatus {
  readonly id: string | null;
  /** Of its file. */
  readonly name: string;
  readonly type: string | null;
  readonly version: string | null;
  readonly bytes: number;
  /** `unchecked`: nobody has looked for it in this boot. */
  readonly state: 'unchecked' | 'right' | 'damaged' | 'missing';
}

/** The packages of the running build in the store. */
export interface StoreStatus {
  /** Why the store cannot be read, one clause; null where it can. */
  readonly problem: string | null;
  readonly packages: readonly PackageStatus[];
}

export function packageStatus(
  { id, name, type, version, bytes }: ManifestPackage,
  state: PackageStatus['state'],
): PackageStatus {
  const about = { id: id ?? null, name, type: type ?? null, version: version ?? null };
  return { ...about, bytes, state };
}

export function storeStatus({ problem, packages }: StoreReport): StoreStatus {
  return { problem, packages: packages.map((one) => packageStatus(one, one.state)) };
}
