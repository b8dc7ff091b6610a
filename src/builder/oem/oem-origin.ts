import type { ManifestModule } from '../../bootloader/bank-manifest.ts';
import type { LoadedProvider } from '../../recipe/provider.ts';
import { defaultClaim, driverClass } from '../../update/manifest/claims.ts';
import type { KeptManifest } from '../../update/manifest/plan-bank.ts';
import type { KernelSource } from '../modules/kernel-source.ts';
import { kernelClass } from '../modules/vmkernel.ts';
import { cimApi, cimClass } from './cim/provider-files.ts';
import type { OemPlaces } from './oem-places.ts';

/** What a module's manifest says of others. */
type Relations = Pick<ManifestModule, 'provides' | 'requires' | 'conflicts' | 'replaces'>;

/** Where an OEM's module comes from: a provider's folder, or a packed file with a manifest of its own. */
export interface OemOrigin {
  readonly name: string;
  readonly vendor: string;
  readonly version: string;
  readonly relations: Relations;
  /** Where its folder, or the packed file, says what a problem is about. */
  readonly places: OemPlaces;
  /** As it was signed by whoever packed it; goes into the bank unchanged. */
  readonly packed?: KeptManifest & { readonly path: string };
}

/**
 * What a provider's manifest says of others: what provider.yaml says, and what follows from it. A default that
 * only one OEM can set, a class of CIM, or a driver of its own, is a name that it provides and conflicts with: a second one in
 * the same bank is refused by the rules that hold for all modules, at build and in updates.
 */
export function relationsOf(
  provider: LoadedProvider,
  product: string,
  kernel: Pick<KernelSource, 'image' | 'release'>,
  ownDrivers: readonly string[],
  ofPrograms: readonly string[] = [],
): Relations {
  const { provides, requires, conflicts, replaces, builds, drivers, defaults, cim } = provider;
  const claims = [
    ...cim.flatMap(({ classes }) => classes.map(cimClass)),
    // What consoles show of each OEM stands one below the other.
    ...Object.keys(defaults)
      .filter((name) => name !== 'console')
      .map(defaultClaim),
    ...ownDrivers.map(driverClass),
  ];
  const hasDrivers = drivers.length + ownDrivers.length > 0;
  return {
    provides: unique([...provides, ...claims, ...drivers.map(driverClass)]),
    requires: unique([
      ...requires,
      ...builds.map((range) => `${product} ${range}`),
      ...(cim.length > 0 ? [`cim-api = ${cimApi}`] : []),
      ...ofPrograms,
      ...(hasDrivers ? [`vmkernel = ${kernel.image.version}`, kernelClass(kernel.release)] : []),
    ]),
    conflicts: unique([...conflicts, ...claims]),
    replaces,
  };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
