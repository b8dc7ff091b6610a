import type { ManifestPackage } from '../bootloader/bank-manifest.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import type { StoredPackage, StoreFacts } from './plan-store.ts';
import { openStore } from './store-volume.ts';

/** The packages that the signed manifest of a build names. */
export interface NamedPackages {
  /** `VERSION-BUILD` */
  readonly build: string;
  readonly packages: readonly ManifestPackage[];
}

/** What became of a package that a build names. */
export interface PackageReport extends ManifestPackage {
  readonly state: 'right' | 'damaged' | 'missing';
  /** Where it is whole in the store; null where it is not. */
  readonly path: string | null;
  /** Those that name just this package. */
  readonly builds: readonly string[];
}

/** A store, held against what builds name. */
export interface StoreReport {
  /** Why it cannot be read, one clause; null where it can. */
  readonly problem: string | null;
  readonly packages: readonly PackageReport[];
  /** Files of `packages/` that no build names; the next update removes them. */
  readonly unnamed: readonly { readonly path: string; readonly bytes: number }[];
}

/** A place where a package may be. */
export interface StoredPlace {
  readonly path: string;
  /** A list has another package there. */
  readonly isOther: boolean;
}

/**
 * Where a package may be in a store, the likeliest place first: the lists of the builds say where it was put, and where they
 * are lost, its name does. None is to be believed without the hash.
 */
export function storedPlaces(
  facts: Pick<StoreFacts, 'builds' | 'files'>,
  { name, sha256 }: ManifestPackage,
): StoredPlace[] {
  const listed = facts.builds.flatMap(({ packages }) => packages);
  const isOther = (path: string): boolean =>
    listed.some((one) => samePath(one.path, path) && one.sha256 !== sha256);
  const places = [
    ...listed.filter((one) => one.name === name && one.sha256 === sha256).map(({ path }) => path),
    ...facts.files.map(({ path }) => path).filter((path) => samePath(fileName(path), name)),
  ];
  return [...new Set(places)]
    .filter((path) => facts.files.some((file) => samePath(file.path, path)))
    .map((path) => ({ path, isOther: isOther(path) }));
}

/** What a package is that is whole at none of these places. */
export function lostState(places: readonly StoredPlace[]): 'damaged' | 'missing' {
  return places.some(({ isOther }) => !isOther) ? 'damaged' : 'missing';
}

/** Where a package is whole in a store, or one clause: what was found instead. */
export function findStored(facts: StoreFacts, wanted: ManifestPackage): StoredPackage | string {
  const { name, bytes, sha256 } = wanted;
  const places = storedPlaces(facts, wanted);
  const whole = places.find(({ path }) => facts.hashOf(path) === sha256);
  if (whole) return { name, bytes, sha256, path: whole.path };
  return lostClauses[lostState(places)];
}

/** What was found in the place of a package. */
const lostClauses = { damaged: 'other contents', missing: 'no such package' } as const;

/** Holds a disk's store against what builds name. Damage is told, never thrown. */
export function reportStore(
  store: BlockDevice | undefined,
  builds: readonly NamedPackages[],
): StoreReport {
  let problem: string | null = store ? null : 'no store';
  const opened = store && openStore(store, (why) => (problem = `a damaged store: ${why}`));
  const reports: PackageReport[] = [];
  for (const { build, packages } of builds) {
    for (const one of packages) {
      const same = reports.findIndex(({ name, sha256 }) => {
        return name === one.name && sha256 === one.sha256;
      });
      const known = reports[same];
      if (known) {
        reports[same] = { ...known, builds: [...new Set([...known.builds, build])] };
        continue;
      }
      const found = opened ? findStored(opened.facts, one) : lostClauses.missing;
      const isRight = typeof found !== 'string';
      const state = isRight ? 'right' : found === lostClauses.damaged ? 'damaged' : 'missing';
      reports.push({ ...one, state, path: isRight ? found.path : null, builds: [build] });
    }
  }
  return { problem, packages: reports, unnamed: opened ? unnamed(opened.facts, reports) : [] };
}

/** What is damaged is named all the same: by its name. */
function unnamed({ files }: StoreFacts, packages: readonly PackageReport[]) {
  const isNamed = (path: string): boolean =>
    packages.some((one) =>
      one.path === null ? samePath(fileName(path), one.name) : samePath(one.path, path),
    );
  return files.filter(({ path }) => !isNamed(path));
}

/** What is wrong with a store, each one sentence; nothing where no build names a package. */
export function storeProblems({ problem, packages }: StoreReport): string[] {
  const expected = (what: string, found: string) => `store: expected ${what}, found ${found}`;
  const ofBuilds = (builds: readonly string[]) => builds.join(' and ');
  if (problem !== null) {
    const builds = [...new Set(packages.flatMap((one) => one.builds))];
    return builds.length > 0 ? [expected(`the packages of ${ofBuilds(builds)}`, problem)] : [];
  }
  return packages.flatMap(({ state, name, builds }) => {
    if (state === 'right') return [];
    return [expected(`${name} of ${ofBuilds(builds)}`, lostClauses[state])];
  });
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** As FAT compares names. */
function samePath(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
