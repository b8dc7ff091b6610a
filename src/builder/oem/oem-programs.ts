import { basename } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { LoadedProvider } from '../../recipe/provider.ts';
import { cachedTree } from '../components/cached-tree.ts';
import type { Resolved } from '../components/component.ts';
import type { Json } from '../components/derived.ts';
import { addEntry, type FileTree } from '../components/file-tree.ts';
import { resolveComponents } from '../components/sources.ts';
import { modulesBelow, nothingBelow } from '../modules/below.ts';
import { planEngine } from '../modules/engine.ts';
import type { ModuleDraft, PlanContext } from '../modules/module.ts';
import { planPrograms } from '../modules/programs.ts';
import { toolVersion } from '../tool-version.ts';

/** A program of an OEM as the running system has it. */
export interface OemProgram {
  readonly name: string;
  readonly path: string;
  /** Folder of its libraries, for LD_LIBRARY_PATH. */
  readonly libraries: string;
}

interface OemPrograms {
  readonly programs: readonly OemProgram[];
  readonly components: readonly Resolved[];
  readonly inputs: Json;
  /** What the module requires of the base: the C library it was planned against, or a newer one. */
  readonly requires: readonly string[];
  /** From the cache, or read out of their packages and stripped. */
  read(): Promise<FileTree>;
}

/**
 * The programs of packages that an OEM brings, in a folder of its own with all libraries that the engine does not have: so
 * two OEMs, or an OEM and the base, can have different versions of one library.
 */
export async function planOemPrograms(
  provider: LoadedProvider,
  context: PlanContext,
): Promise<OemPrograms | undefined> {
  const { name, programs } = provider;
  if (programs.length === 0) return undefined;
  const { components } = context;
  const found = await resolveComponents(
    programs.map(({ component }) => component),
    components,
  );
  const roots = programs.map((ref, index) => {
    const component = found[index];
    if (!component) throw new TwinbankError('internal', 'oem.lost', 'programs: lost');
    return { component, paths: ['member' in ref ? ref.member : ''], place: 'programs' };
  });
  const engine = await engineLibraries(context);
  const planned = await planPrograms(roots, engine.below, components);
  const place = `usr/lib/twinbank/oem/${name}`;
  const names = roots.map(({ paths }) => basename(paths[0] ?? ''));
  const twice = names.find((one, index) => names.indexOf(one) !== index);
  if (twice !== undefined) {
    const { file, line, column } = provider.problem(['programs'], '', '');
    const message = `${file}:${line}:${column} programs: expected programs of different names, found ${twice} twice`;
    throw new TwinbankError('recipe', 'oem.program-twice', message);
  }
  const inputs = {
    programs: roots.map(({ component, paths }) => [component.sha256, ...paths]),
    libraries: planned.packages.map(({ sha256 }) => sha256),
    sonames: planned.sonames,
  };
  return {
    programs: names.map((one) => ({
      name: one,
      path: `/${place}/bin/${one}`,
      libraries: `/${place}/lib`,
    })),
    components: [...found, ...planned.packages],
    inputs,
    requires: engine.requires,
    read: async () => {
      const tools = [await toolVersion('strip', components)];
      const key = { type: 'oem-programs', format: 1, place, inputs, tools };
      const { tree } = await cachedTree(key, components, async (scratch) => {
        const made: FileTree = new Map();
        for (const [path, entry] of await planned.read(scratch)) {
          const isProgram = roots.some(({ paths }) => paths.includes(path));
          // The interpreter's link is the engine's.
          if (entry.type !== 'file') continue;
          addEntry(made, `${place}/${isProgram ? 'bin' : 'lib'}/${basename(path)}`, {
            ...entry,
            mode: 0o755,
          });
        }
        return { tree: made, meta: null };
      });
      return tree;
    },
  };
}

/** What every bank has of libraries: the engine's. */
async function engineLibraries(context: PlanContext) {
  const engines: ModuleDraft[] = [];
  const requires: string[] = [];
  for (const [name, module] of Object.entries(context.recipe.modules)) {
    if (module.type !== 'engine') continue;
    const engine = await planEngine(name, module, { ...context, below: nothingBelow });
    engines.push(engine);
    requires.push(...(engine.provides ?? []).map((text) => text.replace(' = ', ' >= ')));
  }
  return { below: modulesBelow(engines), requires };
}
