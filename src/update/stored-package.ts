import type { ManifestPackage } from '../bootloader/bank-manifest.ts';
import type { HostDisk } from './host-disk.ts';
import type { StoredPackage, StoreFacts } from './plan-store.ts';
import { openStore } from './store-volume.ts';

/** Where a package is in a store by the lists of its builds, or one clause: what was found instead. */
export function findStored(
  facts: StoreFacts,
  { name, sha256 }: Pick<ManifestPackage, 'name' | 'sha256'>,
): StoredPackage | string {
  const listed = facts.builds
    .flatMap(({ packages }) => packages)
    .filter((one) => one.name === name && one.sha256 === sha256);
  const whole = listed.find(({ path }) => facts.hashOf(path) === sha256);
  return whole ?? (listed.length > 0 ? 'other contents' : 'no such package');
}

/** What is wrong with the packages of a build in a disk's store, each one sentence. */
export function verifyStore(
  { store }: HostDisk,
  build: string,
  packages: readonly ManifestPackage[],
): string[] {
  if (packages.length === 0) return [];
  const expected = (what: string, found: string) => `store: expected ${what}, found ${found}`;
  const all = `the packages of ${build}`;
  if (!store) return [expected(all, 'no store')];
  let why = '';
  const opened = openStore(store, (problem) => (why = problem));
  if (!opened) return [expected(all, `a damaged store: ${why}`)];
  return packages.flatMap((one) => {
    const found = findStored(opened.facts, one);
    return typeof found === 'string' ? [expected(`${one.name} of ${build}`, found)] : [];
  });
}
