import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Diagnostic, recipeError } from '../../recipe/diagnostic.ts';
import { layerSchema } from '../../recipe/module-schema.ts';
import { type LoadedProvider, loadProvider } from '../../recipe/provider.ts';
import { treeDigest } from '../components/directory-tree.ts';
import { mergeTrees } from '../components/file-tree.ts';
import { type Licence, unknownLicence } from '../inventory/licence.ts';
import { genericPackage } from '../inventory/package.ts';
import { readModuleInventory } from '../inventory/read-module-inventory.ts';
import { planOemCim } from '../oem/cim/plan-cim.ts';
import { planOemDrivers } from '../oem/oem-drivers.ts';
import { readOemFile } from '../oem/oem-file.ts';
import { planOemFirmware } from '../oem/oem-firmware.ts';
import { relationsOf } from '../oem/oem-origin.ts';
import { packedPlaces, providerPlaces } from '../oem/oem-places.ts';
import { planOemPrograms } from '../oem/oem-programs.ts';
import { providerTree } from '../oem/provider-tree.ts';
import { moduleName } from './kernel-modules.ts';
import { layerOfPartsInputs, makeLayerOfParts } from './layer.ts';
import { completePlan, type ModuleDraft, type ModulePlan, type PlanContext } from './module.ts';

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
  const { name, vendor, version } = provider;
  const withoutFirmware = new Set(provider.withoutFirmware.map(moduleName));
  const problems = productProblems(provider, recipe.product);
  if (problems.length > 0) throw recipeError(problems);
  const layer = layerSchema.parse({ compression: 'zstd', blockSize: '256KiB' });
  const tree = providerTree(provider);
  const drivers = await planOemDrivers(provider, context);
  const firmware = await planOemFirmware(provider, components);
  const programs = await planOemPrograms(provider, context);
  const cim = await planOemCim(provider, programs?.programs ?? [], components);
  const own = drivers?.own ?? [];
  const relations = relationsOf(provider, recipe.product, kernel, own, programs?.requires);
  const draft: ModuleDraft = {
    name,
    fileName: `${name}.v00`,
    version,
    components: [drivers, firmware, programs].flatMap((one) => one?.components ?? []),
    inputs: {
      type: drivers ? 'oem' : 'files',
      tree: treeDigest(tree),
      layer: layerOfPartsInputs(layer),
      ...(drivers && { drivers: drivers.inputs }),
      ...(firmware && { firmware: firmware.inputs }),
      ...(programs && { programs: programs.inputs }),
      ...(cim && { cim: cim.inputs }),
    },
    tools: [...(drivers ? ['depmod'] : []), ...(programs ? ['strip'] : []), 'mksquashfs'],
    sonames: [],
    oem: { name, vendor, version, relations, places: providerPlaces(provider) },
    own: genericPackage({ name, version, supplier: vendor, licence: licenceOf(provider) }),
    firmware: async () => {
      const asked = drivers ? (await drivers.read()).firmware : [];
      return asked.filter(({ driver }) => !withoutFirmware.has(driver));
    },
    build: async (scratch, sources) => {
      const parts = [(await drivers?.read())?.tree, await firmware?.read(), await programs?.read()];
      // What somebody who writes an OEM changes is a part of its own, and small.
      const kept = parts.filter((one) => one !== undefined);
      const whole = mergeTrees(tree, ...kept, ...(cim ? [await cim.read()] : []));
      return makeLayerOfParts(
        name,
        { tree: whole, parts: kept, layer },
        sources,
        scratch,
        components,
      );
    },
  };
  return completePlan(draft, components);
}

function licenceOf({ license }: LoadedProvider): Licence {
  if (license === undefined) return unknownLicence('its provider.yaml names none');
  return { basis: 'provider.yaml', terms: [license] };
}

/** What speaks against having it in an image of this product. */
export function productProblems(provider: LoadedProvider, product: string): Diagnostic[] {
  if (provider.products.includes(product)) return [];
  const expected = `${product}, the product of the recipe, among them`;
  return [provider.problem(['products'], expected, provider.products.join(', '))];
}

/** Somebody else's layer, its bytes as they were packed. Throws as {@link readOemFile} does. */
export function planPackedOem(path: string): ModulePlan {
  const { module, data, ...kept } = readOemFile(path);
  const { name, file: fileName, version, vendor, files, sha256 } = module;
  const { provides, requires, conflicts, replaces } = module;
  const relations = { provides, requires, conflicts, replaces };
  return {
    name,
    fileName,
    version,
    components: [],
    tools: [],
    sonames: [],
    inputs: { type: 'packed-oem', format: 1, sha256, files },
    oem: {
      name,
      vendor,
      version,
      relations,
      places: packedPlaces(path),
      packed: { ...kept, path },
    },
    build: async (scratch) => ({
      data,
      paths: files.map((one) => ({ path: one })),
      inventory: await readModuleInventory({ name, data, files }, { scratch }),
    }),
  };
}
