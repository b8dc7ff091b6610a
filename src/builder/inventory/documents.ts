import { packageVersion } from '../../host/package-root.ts';
import { readObject } from '../components/cache.ts';
import type { ComponentContext } from '../components/component.ts';
import { getOrBuild } from '../components/derived.ts';
import { sha256 } from '../components/digest.ts';
import { canonical } from './inventory.ts';
import type { SystemInventory } from './system.ts';

/** Raised whenever the same system would be described by another document. */
const format = 2;

/** The SBOM of a system. The library that makes it is loaded only here. */
export async function makeSbom(system: SystemInventory): Promise<string> {
  const { sbomOf } = await import('./sbom.ts');
  return sbomOf(system, { version: packageVersion() });
}

/** The same from the cache where it has it: a build with nothing changed does not even load the library. */
export async function cachedSbom(
  system: SystemInventory,
  { cache }: ComponentContext,
): Promise<string> {
  const key = sha256(canonical({ format, version: packageVersion(), system }));
  const made = await getOrBuild(cache, key, async () => {
    return { data: Buffer.from(await makeSbom(system)), meta: null };
  });
  return (await readObject(cache, made.sha256)).toString('utf8');
}
