import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runTool } from '../../host/run-tool.ts';
import type { DriversModule } from '../../recipe/module-schema.ts';
import { recipePlace } from '../../recipe/recipe-places.ts';
import type { FileTree } from '../components/file-tree.ts';
import { askedFirmware } from './asked-firmware.ts';
import { type KernelModules, readModules } from './kernel-index.ts';
import { moduleName } from './kernel-modules.ts';
import { btfInputs, type KernelSource } from './kernel-source.ts';
import { layerInputs, makeLayer } from './layer.ts';
import type { ModuleDraft, PlanContext } from './module.ts';

/** What modprobe and vmkd read; depmod's binary indexes are for kmod, which the bank does not have. */
const indexFiles = ['modules.dep', 'modules.alias', 'modules.softdep', 'modules.symbols'];

/** The drivers and features that the recipe lists, with those they need and the indexes by which devices find them. */
export function planDrivers(
  name: string,
  module: DriversModule,
  context: PlanContext,
): ModuleDraft {
  const { kernel, recipe, components } = context;
  const closeOver = (source: KernelModules): string[] => {
    const lists = (['drivers', 'features'] as const).map((key) =>
      source.close(module[key], (at) => recipePlace(recipe, ['modules', name, key, at])),
    );
    return [...new Set(lists.flat())];
  };
  return {
    name,
    fileName: `${name}.v00`,
    version: kernel.image.version,
    components: kernel.components,
    inputs: {
      type: 'drivers',
      image: kernel.image.sha256,
      ...btfInputs(kernel),
      drivers: [...module.drivers, ...module.features],
      early: recipe.boot.drivers,
      layer: layerInputs(module.layer),
    },
    tools: ['depmod', 'mksquashfs'],
    sonames: [],
    firmware: async () => {
      const source = await readModules(kernel, components);
      const wanted = closeOver(source);
      const known = new Set(module.withoutFirmware.map(moduleName));
      const asked = await askedFirmware(kernel, source, wanted, components);
      return asked.filter(({ driver }) => !known.has(driver));
    },
    build: async (scratch, sources) => {
      const source = await readModules(kernel, components);
      const early = source.close(recipe.boot.drivers, (at) =>
        recipePlace(recipe, ['boot', 'drivers', at]),
      );
      const wanted = closeOver(source);
      const modules = new Map(await source.read([...new Set([...early, ...wanted])]));
      const files = [...modules.values()];
      const indexes = await runDepmod(files, kernel, join(scratch, 'depmod'));
      const tree: FileTree = new Map();
      for (const [index, data] of indexes) {
        const path = `usr/lib/modules/${kernel.release}/${index}`;
        tree.set(path, { type: 'file', mode: 0o644, data });
      }
      // What the initramfs has loaded stays in the indexes, so that modprobe finds it loaded.
      for (const driver of wanted.filter((driver) => !early.includes(driver))) {
        const { path, data, from } = modules.get(driver) ?? {};
        if (path && data) tree.set(path, { type: 'file', mode: 0o644, data, from });
      }
      return makeLayer(name, tree, module.layer, sources, scratch, components.signal);
    },
  };
}

/** Runs the host's depmod over just these modules. Returns its indexes by their names, `modules.dep` first. */
export async function runDepmod(
  modules: readonly { readonly path: string; readonly data: Uint8Array }[],
  kernel: KernelSource,
  folder: string,
): Promise<Map<string, Uint8Array>> {
  const base = `lib/modules/${kernel.release}`;
  for (const { path, data } of modules) {
    const file = join(folder, path.replace(/^usr\//, ''));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, data);
  }
  await mkdir(join(folder, base), { recursive: true });
  for (const name of ['modules.builtin', 'modules.order']) {
    const entry = (await kernel.tree()).get(`usr/${base}/${name}`);
    if (entry?.type === 'file') await writeFile(join(folder, base, name), entry.data);
  }
  // No settings of the host: it may prefer or leave out modules for reasons of its own.
  await runTool('depmod', ['-b', folder, '-C', '/dev/null', kernel.release]);
  const indexes = new Map<string, Uint8Array>();
  for (const name of indexFiles) indexes.set(name, await readFile(join(folder, base, name)));
  return indexes;
}
