import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import { runTool } from '../../host/run-tool.ts';
import type { AgentsModule } from '../../recipe/module-schema.ts';
import type { ResolvedRecipe } from '../../recipe/schema.ts';
import { readDirectoryTree, treeDigest } from '../components/directory-tree.ts';
import { addEntry, type FileTree } from '../components/file-tree.ts';
import { bundledPackages } from '../inventory/own-package.ts';
import { describeProvider } from '../oem/cim/describe-provider.ts';
import { cimApi, cimClass, providerFiles } from '../oem/cim/provider-files.ts';
import { packageRoot } from '../package-root.ts';
import { findBusybox, readBusybox } from './boot.ts';
import { bundleWithInputs, sourcesDigest } from './bundle.ts';
import { layerInputs, makeLayer } from './layer.ts';
import type { ModuleDraft, PlanContext } from './module.ts';

/** The programs of each agent, by the names they get, and where their sources begin; a recipe can name just these. */
const agentEntries: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  vmkd: {
    vmkd: 'src/runtime/vmkernel/vmkd.ts',
    // A thread of its own (update-worker.ts).
    'vmkd-update': 'src/runtime/vmkernel/update/update-worker.ts',
    // What the command `support-bundle` runs.
    'support-command': 'src/runtime/vmkernel/support/support-command.ts',
  },
  // busybox's program under vmkd's supervision: nothing of it is bundled.
  syslog: {},
  cim: {
    cim: 'src/runtime/agents/cim/cim-agent.ts',
    // The process of each provider.
    'cim-provider': 'src/runtime/agents/cim/cim-provider.ts',
    // What the command `cim` runs.
    'cim-command': 'src/runtime/agents/cim/cim-command.ts',
  },
};

/** The CIM provider of the base, and the classes that no OEM can claim. */
const baseProvider = {
  entry: 'src/runtime/agents/cim/hardware-provider.ts',
  name: 'hardware',
  classes: [
    'Twinbank_ComputerSystem',
    'Twinbank_Chassis',
    'Twinbank_Processor',
    'Twinbank_PhysicalMemory',
  ],
};

/** Folders whose sources an agent may import. */
const sourceFolders = [
  ...['runtime', 'hostcore', 'update', 'state'],
  ...['bootloader', 'disk', 'protocol', 'diagnostics'],
];

/** A merged /usr, as the libraries' paths have it. */
const links: Readonly<Record<string, string>> = {
  bin: 'usr/bin',
  sbin: 'usr/bin',
  lib: 'usr/lib',
  lib64: 'usr/lib64',
  'usr/sbin': 'bin',
};

/** The agents, each bundled into one file, and the system around them: init's table, users, busybox's names. */
export async function planAgents(
  name: string,
  module: AgentsModule,
  context: PlanContext,
): Promise<ModuleDraft> {
  const { recipe, components } = context;
  const entries = module.agents.flatMap((agent) => Object.entries(entriesOf(name, agent)));
  const settings = Buffer.from(systemSettings(recipe, module));
  const sources = await sourcesDigest(sourceFolders);
  const system = await readDirectoryTree(join(packageRoot(), 'src/runtime/image/system'));
  const busybox = await findBusybox(context);
  const hasCim = module.agents.includes('cim');
  return {
    name,
    fileName: `${name}.v00`,
    version: `${recipe.version}-${recipe.build}`,
    ...(hasCim && { provides: [`cim-api = ${cimApi}`, ...baseProvider.classes.map(cimClass)] }),
    components: [busybox],
    inputs: {
      type: 'agents',
      format: 3,
      agents: module.agents,
      sources,
      system: treeDigest(system),
      settings: settings.toString(),
      busybox: busybox.sha256,
      layer: layerInputs(module.layer),
    },
    tools: ['mksquashfs'],
    sonames: [],
    isOutdated: async () => (await sourcesDigest(sourceFolders)) !== sources,
    build: async (scratch, known) => {
      const tree: FileTree = new Map(system);
      for (const [path, target] of Object.entries(links))
        tree.set(path, { type: 'symlink', target });
      const program = await readBusybox(busybox, context);
      for (const applet of await listApplets(program.data, scratch)) {
        addEntry(tree, `usr/bin/${applet}`, { type: 'symlink', target: 'busybox' });
      }
      tree.set('etc/twinbank/system.json', { type: 'file', mode: 0o644, data: settings });
      const inputs: string[] = [];
      for (const [program, entry] of entries) {
        const { data, inputs: own } = await bundleWithInputs(entry, { target: 'node22' });
        inputs.push(...own);
        tree.set(`usr/lib/twinbank/${program}.mjs`, { type: 'file', mode: 0o644, data });
      }
      if (hasCim) {
        const provider = await readBaseProvider();
        for (const [path, entry] of provider.files) tree.set(path, entry);
        inputs.push(...provider.inputs);
      }
      const listed = { ...known, bundled: bundledPackages(inputs) };
      return makeLayer(name, tree, module.layer, listed, scratch, components.signal);
    },
  };
}

async function readBaseProvider(): Promise<{ files: FileTree; inputs: string[] }> {
  const { entry, name, classes } = baseProvider;
  const { data, inputs } = await bundleWithInputs(entry, { target: 'node22' });
  const schemas = await describeProvider(data, { isBase: true });
  const found = schemas.classes.map((one) => one.name);
  const wrong = schemas.problems[0] ?? (found.join() === classes.join() ? undefined : found.join());
  if (wrong !== undefined) {
    throw new TwinbankError('internal', 'agents.cim', `${entry}: ${wrong}`);
  }
  const allowed = { programs: {}, writes: [], devices: [] };
  return { files: providerFiles('twinbank', name, data, schemas, allowed), inputs };
}

/** What vmkd is told by the recipe (src/runtime/vmkernel/system-settings.ts reads it). */
function systemSettings(recipe: ResolvedRecipe, { agents }: AgentsModule): string {
  return `${JSON.stringify({ schemaVersion: 1, agents, health: recipe.health }, null, 2)}\n`;
}

function entriesOf(module: string, agent: string): Readonly<Record<string, string>> {
  const entries = agentEntries[agent];
  if (entries !== undefined) return entries;
  const known = Object.keys(agentEntries).join(', ');
  throw new TwinbankError(
    'recipe',
    'agents.unknown',
    `modules.${module}.agents: expected agents of ${known}, found ${JSON.stringify(agent)}`,
  );
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
