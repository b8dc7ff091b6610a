import type { FilesModule } from '../../recipe/module-schema.ts';
import { readDirectoryTree, treeDigest } from '../components/directory-tree.ts';
import { unknownLicence } from '../inventory/licence.ts';
import { genericPackage } from '../inventory/package.ts';
import { layerInputs, makeLayer } from './layer.ts';
import type { ModuleDraft, PlanContext } from './module.ts';

/** A folder of the host as it is, but for owners, times and the modes' finer points. */
export async function planFiles(
  name: string,
  module: FilesModule,
  { recipe, components }: PlanContext,
): Promise<ModuleDraft> {
  const tree = await readDirectoryTree(module.files.path);
  return {
    name,
    fileName: `${name}.v00`,
    version: `${recipe.version}-${recipe.build}`,
    components: [],
    inputs: { type: 'files', tree: treeDigest(tree), layer: layerInputs(module.layer) },
    tools: ['mksquashfs'],
    sonames: [],
    own: genericPackage({
      name,
      version: `${recipe.version}-${recipe.build}`,
      supplier: '',
      licence: unknownLicence('its files are of the recipe, which has no place for a licence'),
    }),
    build: (scratch, sources) =>
      makeLayer(name, tree, module.layer, sources, scratch, components.signal),
  };
}
