import { journalBytes, journalPath } from '../bootloader/boot-journal.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import type { ResolvedRecipe } from '../recipe/schema.ts';
import type { StoredPackage } from '../update/plan-store.ts';
import { encodeStoreList } from '../update/store-volume.ts';
import { type ImageFile, inMemory } from './bank.ts';
import type { ComponentContext, Resolved } from './components/component.ts';
import { remember } from './components/resolution-cache.ts';
import { mapParallel } from './components/retry.ts';
import { describeStored, type StoredArchive, storedShape } from './inventory/describe-archive.ts';
import { packClient } from './store-client.ts';
import type { BuiltPackage } from './store-package.ts';
import { planStorePackages } from './store-packages.ts';

export interface StoreContents {
  readonly files: readonly ImageFile[];
  readonly packages: readonly StoredPackage[];
  readonly components: readonly Resolved[];
  /** What each package is, and what is in it. */
  readonly described: readonly StoredArchive[];
}

/** Packages packed at once; mksquashfs uses all cores by itself. */
const parallelBuilds = 2;

/**
 * What the store of a new image holds: packages by name and version, and for the build a list of those
 * that belong to it, so that an update knows what no bank needs any more.
 */
export async function planStore(
  recipe: ResolvedRecipe,
  context: ComponentContext,
): Promise<StoreContents> {
  const plans = await planStorePackages(recipe, context);
  const built = await mapParallel(plans, parallelBuilds, (plan) => plan.build());
  if (recipe.store.client) built.push(await packClient(context));
  const packages = built.map(({ path, ...one }) => {
    return { ...one, path: `packages/${one.name}`, cached: path };
  });
  assertNamesDiffer(packages);
  const described = await mapParallel(built, parallelBuilds, (one) => describe(one, context));
  const build = `${recipe.version}-${recipe.build}`;
  const stored = packages.map(({ cached: _, ...one }) => one);
  const listed = encodeStoreList({ build, packages: stored });
  // Made with the image and first, so that it is in one piece and the system only ever writes over it.
  const journal = inMemory(journalPath, new Uint8Array(journalBytes));
  return {
    files: [
      journal,
      ...packages.map(({ path: name, bytes, cached: path }) => ({ name, bytes, path })),
      inMemory(`builds/${build}.json`, listed),
    ],
    packages: stored,
    components: plans.flatMap((plan) => plan.components),
    described,
  };
}

/** Remembered by its hash: to look into an archive is to unpack it. */
async function describe(
  { path, ...one }: BuiltPackage,
  { cache, signal }: ComponentContext,
): Promise<StoredArchive> {
  const query = ['stored', '3', one.name, one.type, one.version, one.sha256];
  return remember(cache, query, storedShape, () => describeStored(one, path, signal));
}

/** FAT knows names in any case; the second of two equal ones would replace the first. */
function assertNamesDiffer(packages: readonly StoredPackage[]): void {
  const seen = new Set<string>();
  for (const { path: name } of packages) {
    const key = name.toLowerCase();
    if (seen.has(key)) {
      throw new TwinbankError(
        'recipe',
        'store.same-name',
        `store.packages: expected packages with different names in the store, found ${name} twice`,
        { data: { name } },
      );
    }
    seen.add(key);
  }
}
