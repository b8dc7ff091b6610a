import { join } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { ComponentRef } from '../../recipe/component-ref.ts';
import type { EngineModule } from '../../recipe/module-schema.ts';
import { type FileTree, mergeTrees, withData } from '../components/file-tree.ts';
import { readLibraries } from '../components/libraries.ts';
import { planLibraries } from '../components/library-plan.ts';
import { readComponent, resolveComponents } from '../components/sources.ts';
import { checkEngine } from './engine/check-engine.ts';
import { describeBuiltins } from './engine/describe-builtins.ts';
import { placeEngine } from './engine/placed-engine.ts';
import { trimEngine } from './engine/trim-engine.ts';
import { layerInputs, makeLayer } from './layer.ts';
import type { ModuleDraft, PlanContext } from './module.ts';
import { stripPrograms } from './strip.ts';

const enginePath = 'usr/bin/node';

/** Where a component of each scheme has the engine's program. */
const programPaths: Record<ComponentRef['scheme'], string> = {
  npm: 'package/bin/node',
  deb: 'usr/bin/node',
  file: 'node',
};

/**
 * Node with the libraries it needs. What the bank's agents cannot use is taken out ({@link trimEngine}). The result is
 * run before it is packed ({@link checkEngine}).
 */
export async function planEngine(
  name: string,
  module: EngineModule,
  context: PlanContext,
): Promise<ModuleDraft> {
  const { components, below } = context;
  const provided = new Set(below.libraries.keys());
  const [node] = await resolveComponents([module.from], components);
  if (!node) throw new TwinbankError('internal', 'engine.lost', 'engine.from resolved to nothing');
  const program = programPaths[node.scheme];
  const plan = await planLibraries([{ component: node, paths: [program] }], provided, components);
  return {
    name,
    fileName: `${name}.v00`,
    version: node.version,
    // The C library, for programs that OEMs bring.
    provides: plan.packages.flatMap(({ id, version }) =>
      id === 'deb:libc6' ? [`libc6 = ${version}`] : [],
    ),
    components: [node, ...plan.packages],
    inputs: {
      type: 'engine',
      format: 3,
      node: node.sha256,
      libraries: plan.packages.map(({ sha256 }) => sha256),
      locales: module.locales,
      layer: layerInputs(module.layer),
    },
    tools: ['strip', 'mksquashfs'],
    sonames: plan.libraries.map(({ soname }) => soname),
    programs: ['usr/bin/node'],
    build: async (scratch, sources) => {
      const source = await readComponent(node, (path) => path === program, components);
      const entry = source.get(program);
      if (entry?.type !== 'file') {
        throw new TwinbankError(
          'recipe',
          'engine.no-program',
          `modules.${name}.from: expected the program ${program} in ${node.id} ${node.version}, found none`,
        );
      }
      const binary: FileTree = new Map([[enginePath, { ...entry, mode: 0o755 }]]);
      const libraries = await readLibraries(plan, components);
      const stripped = await stripPrograms(mergeTrees(binary, libraries), scratch);
      const small = stripped.get(enginePath);
      if (small?.type !== 'file')
        throw new TwinbankError('internal', 'engine.lost', 'engine: strip left no program');
      const engine = await placeEngine(stripped, join(scratch, 'stripped'));
      const builtins = await describeBuiltins(engine, components.signal);
      const data = Uint8Array.from(small.data);
      const leftOut = await trimEngine(data, entry.data, builtins, module.locales);
      stripped.set(enginePath, withData(small, data));
      await checkEngine(stripped, leftOut, join(scratch, 'check'), components);
      return makeLayer(name, stripped, module.layer, sources, scratch, components.signal);
    },
  };
}
