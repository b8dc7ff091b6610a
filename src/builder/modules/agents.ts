import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import { packageRoot } from '../../host/package-root.ts';
import { runTool } from '../../host/run-tool.ts';
import type { AgentsModule } from '../../recipe/module-schema.ts';
import type { ResolvedRecipe } from '../../recipe/schema.ts';
import { type Agent, filterOf } from '../../runtime/agents/agent.ts';
import { agents } from '../../runtime/agents/registry.ts';
import { agentFilter } from '../../runtime/system/seccomp/agent-filter.ts';
import { systemLinks } from '../../update/manifest/system-links.ts';
import type { Cache } from '../components/cache.ts';
import { readDirectoryTree, treeDigest } from '../components/directory-tree.ts';
import { addEntry, type FileTree, mergeTrees } from '../components/file-tree.ts';
import { bundledPackages } from '../inventory/own-package.ts';
import { planBaseProviders } from '../oem/base-providers.ts';
import { accountFiles } from './accounts.ts';
import { findBusybox, readBusybox } from './boot.ts';
import { type CachedBundle, cachedBundle } from './cached-bundle.ts';
import { layerInputs, makeLayer } from './layer.ts';
import type { ModuleDraft, PlanContext } from './module.ts';
import { toolPaths } from './tool-paths.ts';

/** What keeps the agents running; a recipe names it among them. */
const vmkd = 'vmkd';
/** Its programs, by the names they get, and where their sources begin. */
const vmkdEntries: Readonly<Record<string, string>> = {
  vmkd: 'src/runtime/vmkernel/main.ts',
  // A thread of its own (update-worker.ts).
  'vmkd-update': 'src/runtime/vmkernel/update/update-worker.ts',
  // What the command `support-bundle` runs.
  'support-command': 'src/runtime/vmkernel/support/support-command.ts',
  // What the command `worlds` runs.
  'worlds-command': 'src/runtime/vmkernel/agents/worlds-command.ts',
};

/** The agents, each program bundled into one file, and the system around them: users, init's table, busybox's names. */
export async function planAgents(
  name: string,
  module: AgentsModule,
  context: PlanContext,
): Promise<ModuleDraft> {
  const { recipe, components } = context;
  const { cache } = components;
  const rows = rowsOf(name, module.agents);
  const programs = await bundlePrograms(module.agents.includes(vmkd), rows, cache);
  const providers = await planBaseProviders(rows, cache);
  const files = await systemFiles(rows, systemSettings(recipe, module));
  const busybox = await findBusybox(context);
  const replaced = toolPaths(recipe);
  const provides = [...rows.flatMap((row) => row.provides ?? []), ...providers.provides];
  return {
    name,
    fileName: `${name}.v00`,
    version: `${recipe.version}-${recipe.build}`,
    ...(provides.length > 0 && { provides }),
    components: [busybox],
    inputs: {
      type: 'agents',
      format: 4,
      programs: [...programs].map(([program, { sha256 }]) => [program, sha256]),
      providers: providers.inputs,
      files: treeDigest(files),
      busybox: busybox.sha256,
      ...(replaced.length > 0 && { replaced }),
      layer: layerInputs(module.layer),
    },
    tools: ['mksquashfs'],
    sonames: [],
    // Of busybox's names the one by which nearly all scripts ask for it: the others are known once it has run.
    programs: ['usr/bin/sh'],
    build: async (scratch, known) => {
      const tree: FileTree = new Map(files);
      for (const [path, target] of systemLinks) {
        // Relative, as `/usr` may be looked at from elsewhere: `usr/sbin` leads to `bin`.
        tree.set(path, { type: 'symlink', target: posix.relative(posix.dirname(path), target) });
      }
      const program = await readBusybox(busybox, context);
      for (const applet of await listApplets(program.data, scratch)) {
        // A command of an agent stands before busybox's of the same name.
        if (replaced.includes(`usr/bin/${applet}`) || tree.has(`usr/bin/${applet}`)) continue;
        addEntry(tree, `usr/bin/${applet}`, { type: 'symlink', target: 'busybox' });
      }
      for (const [program, bundle] of programs) {
        const data = await bundle.read();
        addEntry(tree, `usr/lib/twinbank/${program}.mjs`, { type: 'file', mode: 0o644, data });
      }
      for (const [path, entry] of await providers.read()) addEntry(tree, path, entry);
      const sources = [...programs.values(), ...providers.bundles].flatMap(({ inputs }) => inputs);
      const listed = { ...known, bundled: bundledPackages(sources) };
      return makeLayer(name, tree, module.layer, listed, scratch, components.signal);
    },
  };
}

function rowsOf(module: string, names: readonly string[]): Agent[] {
  return names.flatMap((name) => {
    const row = agents.find((one) => one.name === name);
    if (row) return [row];
    if (name === vmkd) return [];
    const known = [vmkd, ...agents.map((one) => one.name)].join(', ');
    throw new TwinbankError(
      'recipe',
      'agents.unknown',
      `modules.${module}.agents: expected agents of ${known}, found ${JSON.stringify(name)}`,
    );
  });
}

/** By the names that they get in `usr/lib/twinbank`. */
async function bundlePrograms(
  hasVmkd: boolean,
  rows: readonly Agent[],
  cache: Cache,
): Promise<ReadonlyMap<string, CachedBundle>> {
  const entries = [
    ...(hasVmkd ? Object.entries(vmkdEntries) : []),
    ...rows.flatMap(({ name, entries = {} }) =>
      Object.entries(entries).map(
        ([program, file]) => [program, join(agentFolder(name), file)] as const,
      ),
    ),
  ];
  const bundles = entries.map(async ([program, entry]) => {
    return [program, await cachedBundle(entry, { target: 'node22' }, cache)] as const;
  });
  return new Map(await Promise.all(bundles));
}

/** What is in the image as it is: the system's files, those that agents bring, and what is made of rows and recipe. */
async function systemFiles(rows: readonly Agent[], settings: string): Promise<FileTree> {
  const folders = [
    'src/runtime/image/system',
    ...rows.map(({ name }) => `${agentFolder(name)}/image`),
  ];
  const trees = folders
    .map((folder) => join(packageRoot(), folder))
    .filter((folder) => existsSync(folder))
    .map((folder) => readDirectoryTree(folder));
  const data = Buffer.from(settings);
  const made: FileTree = new Map([
    ['etc/twinbank/system.json', { type: 'file', mode: 0o644, data }],
    ...accountFiles(rows),
    ...filterFiles(rows),
  ]);
  return mergeTrees(...(await Promise.all(trees)), made);
}

/** The filter of each agent's world beside its program; an agent that is root has no world. */
function filterFiles(rows: readonly Agent[]): FileTree {
  return new Map(
    rows
      .filter(({ user }) => user !== undefined)
      .map((row) => [
        filterOf(row.name).slice(1),
        { type: 'file', mode: 0o644, data: agentFilter(row) },
      ]),
  );
}

/** Of an agent's sources, below the package's folder. */
function agentFolder(name: string): string {
  return `src/runtime/agents/${name}`;
}

/** What vmkd is told by the recipe (src/runtime/vmkernel/boot/system-settings.ts reads it). */
export function systemSettings(
  recipe: ResolvedRecipe,
  { agents: names }: Pick<AgentsModule, 'agents'>,
): string {
  const { product, title = product, health, firstBoot, bootloader, resources } = recipe;
  const shown = { product, title, loaderSeconds: bootloader.timeoutSeconds };
  const settings = {
    schemaVersion: 1,
    agents: names,
    health,
    firstBoot,
    resources,
    console: shown,
    ...(recipe.sourceDate !== undefined && { sourceDate: recipe.sourceDate }),
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}

/** The names that this busybox answers to, from the program itself. The program is in the initramfs. */
async function listApplets(busybox: Uint8Array, scratch: string): Promise<string[]> {
  const file = join(scratch, 'busybox');
  await writeFile(file, busybox);
  await chmod(file, 0o755);
  const { stdout } = await runTool(file, ['--list']);
  return stdout
    .toString()
    .split('\n')
    .filter((applet) => applet && applet !== 'busybox');
}
