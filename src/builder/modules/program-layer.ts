import type { Layer } from '../../recipe/module-schema.ts';
import type { Resolved } from '../components/component.ts';
import type { Json } from '../components/derived.ts';
import { type FileTree, mergeTrees } from '../components/file-tree.ts';
import { type MemberFile, memberInputs } from '../components/members.ts';
import { readData, withImagePaths } from './data-files.ts';
import { layerInputs, makeLayer } from './layer.ts';
import type { ModuleDraft, PlanContext } from './module.ts';
import { type ProgramRoot, planPrograms } from './programs.ts';

/** Programs with just the libraries they need, and files that they read: what a layer of them is made of. */
export interface ProgramLayer {
  readonly version: string;
  readonly roots: readonly ProgramRoot[];
  /** At their paths in their packages. */
  readonly data: readonly MemberFile[];
  /** As the recipe has them. */
  readonly module: {
    readonly stubs: readonly string[];
    readonly unwindTables: boolean;
    readonly layer: Layer;
  };
  /** All that the layer is made of, but for the packages of libraries. */
  readonly components: readonly Resolved[];
  /** Beside those of libraries, data and packing. */
  readonly inputs: { readonly [key: string]: Json };
  /** Puts more into the tree, before it is packed. */
  addTo?(tree: FileTree): Promise<void>;
}

/** Plans the layer `NAME.v00`. Throws as `planPrograms` does; its build as `readData`. */
export async function planProgramLayer(
  name: string,
  { version, roots, data, module, components, inputs, addTo }: ProgramLayer,
  { components: context, below }: PlanContext,
): Promise<ModuleDraft> {
  const key = `modules.${name}`;
  const { stubs, unwindTables, layer } = module;
  const leftOut = { stubs, unwindTables: !unwindTables, key };
  const programs = await planPrograms(roots, below, context, leftOut);
  return {
    name,
    fileName: `${name}.v00`,
    version,
    components: [...components, ...programs.packages],
    inputs: {
      ...inputs,
      libraries: programs.packages.map(({ sha256 }) => sha256),
      sonames: programs.sonames,
      stubs: [key, ...stubs],
      unwindTables,
      data: memberInputs(data),
      layer: layerInputs(layer),
    },
    tools: ['strip', 'as', 'ld', 'mksquashfs'],
    sonames: programs.sonames,
    uses: programs.uses,
    stubs,
    build: async (scratch, sources) => {
      const files = await readData(data, `${key}.data`, context);
      const tree = withImagePaths(mergeTrees(await programs.read(scratch), files));
      await addTo?.(tree);
      return makeLayer(name, tree, layer, sources, scratch, context.signal);
    },
  };
}
