import { layerSchema } from '../../recipe/module-schema.ts';
import type { LoadedProvider } from '../../recipe/provider.ts';
import { readDirectoryTree, treeDigest } from '../components/directory-tree.ts';
import type { FileTree } from '../components/file-tree.ts';
import { layerInputs, makeLayer } from './layer.ts';
import type { ModulePlan, PlanContext } from './module.ts';

/** An OEM's layer: the files of its provider, above the base. */
export async function planOem(
  provider: LoadedProvider,
  { components }: PlanContext,
): Promise<ModulePlan> {
  const { name, version, files } = provider;
  const layer = layerSchema.parse({ compression: 'zstd' });
  const tree: FileTree = files === undefined ? new Map() : await readDirectoryTree(files);
  return {
    name,
    fileName: `${name}.v00`,
    version,
    components: [],
    inputs: { type: 'files', tree: treeDigest(tree), layer: layerInputs(layer) },
    tools: ['mksquashfs'],
    sonames: [],
    provider,
    build: (scratch) => makeLayer(name, tree, layer, scratch, components.signal),
  };
}
