import { join } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import { encodeNewc } from '../../disk/newc.ts';
import { packageRoot } from '../../host/package-root.ts';
import { runTool } from '../../host/run-tool.ts';
import { recipePlace } from '../../recipe/recipe-places.ts';
import type { Resolved } from '../components/component.ts';
import { readDirectoryTree, treeDigest } from '../components/directory-tree.ts';
import type { FileTree, TreeEntry } from '../components/file-tree.ts';
import { readComponent, resolveComponents } from '../components/sources.ts';
import { takeInventory } from '../inventory/inventory.ts';
import { readModules } from './kernel-index.ts';
import { btfInputs } from './kernel-source.ts';
import { withInventory } from './layer.ts';
import { type ModuleDraft, type PlanContext, pathsOf } from './module.ts';
import { readKernel } from './vmkernel.ts';

/**
 * Arguments of each compression of boot.v00; the kernel's xz reader knows the CRC32 check only. One thread:
 * newer versions of both cut their input by the number of cores.
 */
const compressors = {
  zstd: ['zstd', '-19', '-T1', '--no-progress', '-c'],
  xz: ['xz', '-9e', '-T1', '--check=crc32', '--lzma2=dict=1MiB', '-c'],
} as const;

/** Places that init mounts or fills, and that must therefore be there. */
const folders = ['dev', 'lib', 'modules', 'proc', 'sys'];

/** The initramfs: busybox, the drivers that mounting a layer needs, and init. */
export async function planBoot(context: PlanContext): Promise<ModuleDraft> {
  const { recipe, components, kernel } = context;
  const busybox = await findBusybox(context);
  const own = await readDirectoryTree(join(packageRoot(), 'src/runtime/image/initramfs'));
  return {
    name: 'boot',
    fileName: 'boot.v00',
    version: recipe.version,
    components: [busybox, ...kernel.components],
    inputs: {
      type: 'boot',
      format: 2,
      busybox: busybox.sha256,
      image: kernel.image.sha256,
      ...btfInputs(kernel),
      drivers: recipe.boot.drivers,
      compression: recipe.boot.compression,
      watchdogSeconds: recipe.health.watchdogSeconds,
      own: treeDigest(own),
    },
    tools: [compressors[recipe.boot.compression][0]],
    sonames: [],
    build: async (_scratch, sources) => {
      const program = await readBusybox(busybox, context);
      const source = await readModules(kernel, components);
      const tree: FileTree = new Map(own);
      for (const folder of folders) tree.set(folder, { type: 'directory', mode: 0o755 });
      tree.set('bin/busybox', { ...program, mode: 0o755 });
      tree.set('bin/sh', { type: 'symlink', target: 'busybox' });
      const parameters = watchdogParameters(recipe.health.watchdogSeconds);
      const early: string[] = [];
      const drivers = source.close(recipe.boot.drivers, (at) =>
        recipePlace(recipe, ['boot', 'drivers', at]),
      );
      for (const [driver, { data, from }] of await source.read(drivers)) {
        tree.set(`lib/${driver}.ko`, { type: 'file', mode: 0o644, data, from });
        early.push([`/lib/${driver}.ko`, ...(parameters[driver] ?? [])].join(' '));
      }
      const list = Buffer.from(early.map((line) => `${line}\n`).join(''));
      tree.set('lib/early-drivers', { type: 'file', mode: 0o644, data: list });
      // The kernel is one file in a form of its own, without room for more.
      const vmkernel = takeInventory(
        'vmkernel',
        new Map([['vmkernel', await readKernel(kernel)]]),
        sources,
      );
      const { whole, inventory } = withInventory('boot', tree, sources, [vmkernel]);
      const [tool, ...args] = compressors[recipe.boot.compression];
      const { stdout } = await runTool(tool, args, {
        input: encodeNewc(whole),
        ...(components.signal && { signal: components.signal }),
      });
      return { data: padded(stdout), paths: pathsOf(whole), inventory };
    },
  };
}

/**
 * Parameters of the watchdogs that hosts have. `nowayout`: once init has armed it, it runs until the host is
 * reset, whoever closes its device.
 */
function watchdogParameters(seconds: number): Readonly<Record<string, readonly string[]>> {
  const parameters = [`heartbeat=${seconds}`, 'nowayout=1'];
  return { i6300esb: parameters, iTCO_wdt: parameters, sp5100_tco: parameters };
}

/** The component that the recipe takes busybox from. */
export async function findBusybox({ recipe, components }: PlanContext): Promise<Resolved> {
  const [busybox] = await resolveComponents([recipe.boot.busybox], components);
  if (!busybox)
    throw new TwinbankError('internal', 'boot.lost', 'boot.busybox resolved to nothing');
  return busybox;
}

/** The static busybox of a component, wherever it has it. */
export async function readBusybox(
  busybox: Resolved,
  context: PlanContext,
): Promise<Extract<TreeEntry, { type: 'file' }>> {
  const isBusybox = (path: string): boolean => /(^|\/)busybox$/.test(path);
  const tree = await readComponent(busybox, isBusybox, context.components);
  for (const entry of tree.values()) if (entry.type === 'file' && entry.mode & 0o111) return entry;
  throw new TwinbankError(
    'recipe',
    'boot.no-busybox',
    `boot.busybox: expected a program named busybox in ${busybox.id} ${busybox.version}, found none`,
  );
}

/** Zeros up to a multiple of 4: the kernel looks for the next archive there, whoever loads the files. */
function padded(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
