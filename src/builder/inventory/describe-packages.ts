import { basename } from 'node:path';
import * as z from 'zod';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { ComponentContext, Resolved } from '../components/component.ts';
import { resolveDebs } from '../components/deb-resolve.ts';
import { aptFingerprint, remember, resolvedList } from '../components/resolution-cache.ts';
import { fetchComponent } from '../components/sources.ts';
import { type DescribedArchive, describeDeb, describeNpm } from './describe-archive.ts';
import { packageShape } from './inventory.ts';
import { unknownLicence } from './licence.ts';
import { genericPackage, type InventoryPackage } from './package.ts';

/** Raised whenever the same package would be described in other words. */
const format = 1;

/** What inventories say of components, by id. */
interface DescribedPackages {
  readonly packages: Readonly<Record<string, InventoryPackage>>;
  /** Packages that have nothing in the image but the copyright file of one that has: for the lock. */
  readonly copyrights: readonly Resolved[];
}

const alone = z.object({ described: packageShape, copyrightIn: z.string().optional() });
const answer = z.object({ packages: z.record(z.string(), packageShape), copyrights: resolvedList });

/**
 * Describes components from what they say of themselves. Each is looked into once, which for a kernel takes
 * seconds; the answer is remembered by its hash. Throws as `fetchComponent` does.
 */
export async function describePackages(
  components: readonly Resolved[],
  context: ComponentContext,
): Promise<DescribedPackages> {
  const unique = [...new Map(components.map((one) => [one.id, one])).values()];
  const { lock } = context;
  const lists = lock
    ? lock.components.map(({ sha256 }) => sha256)
    : await aptFingerprint(context.apt);
  const asked = unique.map(({ id, sha256 }) => `${id} ${sha256}`);
  return remember(context.cache, ['described', `${format}`, asked, lists], answer, async () => {
    const packages: Record<string, InventoryPackage> = {};
    const copyrights: Resolved[] = [];
    for (const component of unique) {
      const { described, copyrightIn } = await describeAlone(component, context);
      packages[component.id] = described;
      if (copyrightIn === undefined) continue;
      const other = await sameVersion(copyrightIn, component, context);
      const licence = other
        ? (await describeAlone(other, context)).described.licence
        : unknownLicence(`its copyright file is in ${copyrightIn}, which is not to be had`);
      if (other) copyrights.push(other);
      packages[component.id] = { ...described, licence };
    }
    return { packages, copyrights };
  });
}

async function describeAlone(
  component: Resolved,
  context: ComponentContext,
): Promise<DescribedArchive> {
  const { scheme, name, version, sha256 } = component;
  if (scheme === 'file') {
    const licence = unknownLicence('it is a file that the recipe names');
    const about = { name: basename(name), version, supplier: '', licence };
    return { described: genericPackage(about) };
  }
  const query = ['package', `${format}`, component.id, sha256];
  return remember<DescribedArchive>(context.cache, query, alone, async () => {
    const { path } = await fetchComponent(component, context);
    return scheme === 'deb'
      ? describeDeb(path, sha256, context.signal)
      : describeNpm(path, component, context.signal);
  });
}

/** A package of the same source and version: from the lock, or the distribution; undefined where neither has it. */
async function sameVersion(
  name: string,
  { version }: Resolved,
  context: ComponentContext,
): Promise<Resolved | undefined> {
  const { lock } = context;
  const isIt = (one: Resolved): boolean => one.id === `deb:${name}` && one.version === version;
  if (lock) return lock.components.find(isIt);
  try {
    return (await resolveDebs([{ scheme: 'deb', name, version }], context))[0];
  } catch (error) {
    if (error instanceof TwinbankError && error.code === 'components.unknown-package')
      return undefined;
    throw error;
  }
}
