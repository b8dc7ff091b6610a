import { statSync } from 'node:fs';
import { join } from 'node:path';
import { recipeError } from '../../recipe/diagnostic.ts';
import { layerSchema } from '../../recipe/module-schema.ts';
import { type LoadedProvider, loadProvider } from '../../recipe/provider.ts';
import { treeDigest } from '../components/directory-tree.ts';
import { mergeTrees } from '../components/file-tree.ts';
import { planOemDrivers } from '../oem/oem-drivers.ts';
import { readOemFile } from '../oem/oem-file.ts';
import { relationsOf } from '../oem/oem-origin.ts';
import { providerTree } from '../oem/provider-tree.ts';
import { layerInputs, makeLayer } from './layer.ts';
import type { ModulePlan, PlanContext } from './module.ts';

/** The module of an OEM at an absolute path: a provider's folder, or a packed file. */
export function planOem(path: string, context: PlanContext): Promise<ModulePlan> | ModulePlan {
  if (!statSync(path).isDirectory()) return planPackedOem(path);
  return planProvider(loadProvider(path, join(path, '../..')), context);
}

/**
 * An OEM's layer of a provider's folder, above the base. Throws kind `recipe`: `recipe.invalid` with all that
 * is wrong in the folder, and what {@link planOemDrivers} throws.
 */
export async function planProvider(
  provider: LoadedProvider,
  context: PlanContext,
): Promise<ModulePlan> {
  const { components, recipe, kernel } = context;
  const { name, vendor, version, products } = provider;
  if (!products.includes(recipe.product)) {
    const expected = `${recipe.product}, the product of the recipe, among them`;
    throw recipeError([provider.problem(['products'], expected, products.join(', '))]);
  }
  const layer = layerSchema.parse({ compression: 'zstd' });
  const tree = providerTree(provider);
  const drivers = await planOemDrivers(provider, context);
  const relations = relationsOf(provider, recipe.product, kernel, drivers?.own ?? []);
  return {
    name,
    fileName: `${name}.v00`,
    version,
    components: drivers?.components ?? [],
    inputs: {
      type: drivers ? 'oem' : 'files',
      tree: treeDigest(tree),
      layer: layerInputs(layer),
      ...(drivers && { drivers: drivers.inputs }),
    },
    tools: [...(drivers ? ['depmod'] : []), 'mksquashfs'],
    sonames: [],
    oem: { name, vendor, version, relations },
    build: async (scratch) => {
      const whole = drivers ? mergeTrees(tree, await drivers.read(scratch)) : tree;
      return makeLayer(name, whole, layer, scratch, components.signal);
    },
  };
}

/** Somebody else's layer, its bytes as they were packed. Throws as {@link readOemFile} does. */
export function planPackedOem(path: string): ModulePlan {
  const { module, data, ...kept } = readOemFile(path);
  const { name, file: fileName, version, vendor, files, sha256 } = module;
  const { provides, requires, conflicts, replaces } = module;
  const relations = { provides, requires, conflicts, replaces };
  return {
    ...{ name, fileName, version, components: [], tools: [], sonames: [] },
    inputs: { type: 'packed-oem', sha256, files },
    oem: { name, vendor, version, relations, packed: { ...kept, path } },
    build: async () => ({ data, paths: files.map((one) => ({ path: one })) }),
  };
}
