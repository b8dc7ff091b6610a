import type { LoadedProvider } from '../../recipe/provider.ts';
import { firmwarePath } from '../../recipe/provider-schema.ts';
import { cachedTree } from '../components/cached-tree.ts';
import type { ComponentContext, Resolved } from '../components/component.ts';
import type { Json } from '../components/derived.ts';
import { addEntry, type FileTree } from '../components/file-tree.ts';
import { readMembers, resolveMembers } from '../components/members.ts';
import type { BuiltModule, ModulePlan } from '../modules/module.ts';
import { allOrProblems, placeOf } from './provider-place.ts';

/** The firmware that an OEM takes from packages, planned. */
interface OemFirmware {
  readonly components: readonly Resolved[];
  readonly inputs: Json;
  read(): Promise<FileTree>;
}

/** Where the kernel looks for firmware; /lib is a link to usr/lib. */
const folder = 'usr/lib/firmware';

/** Undefined where the provider lists none. Throws as `resolveComponents` does. */
export async function planOemFirmware(
  provider: LoadedProvider,
  components: ComponentContext,
): Promise<OemFirmware | undefined> {
  if (provider.firmware.length === 0) return undefined;
  const named = await resolveMembers(provider.firmware, components);
  // As a system with merged /usr has it, whichever way the package does.
  const files = named.map(({ component, member = '' }) => {
    return { component, member: `${folder}/${firmwarePath(member)}` };
  });
  const inputs = files.map(({ component, member }) => [component.sha256, member]);
  const readFiles = async (): Promise<FileTree> => {
    const tree: FileTree = new Map();
    await allOrProblems(
      files.map(({ component, member }, at) => async () => {
        const place = placeOf(provider, ['firmware', at]);
        const entry = (await readMembers(component, [member], place, components)).get(member);
        if (entry?.type !== 'file') return;
        addEntry(tree, member, { ...entry, mode: 0o644 });
      }),
    );
    return tree;
  };
  return {
    components: files.map(({ component }) => component),
    inputs,
    read: async () => {
      // Packages of firmware are large: a hundred megabytes for one file.
      const key = { type: 'oem-firmware', format: 1, inputs };
      const kept = await cachedTree(key, components, async () => {
        return { tree: await readFiles(), meta: null };
      });
      return kept.tree;
    },
  };
}

/** So many files are named; the rest are other versions of them, or for other chips. */
const maxNamed = 3;

/**
 * A sentence for each driver of these modules that asks for firmware of which the bank has nothing. A driver names
 * the files of all chips that it knows, so one that is there counts for all. Of packed OEMs only their
 * makers hear of it. `modules` are those of `holder`.
 */
export async function firmwareWarnings(
  plans: readonly ModulePlan[],
  modules: readonly BuiltModule[],
  holder = 'the bank',
): Promise<string[]> {
  const brought = new Set(modules.flatMap(({ paths }) => paths.map(({ path }) => path)));
  const warnings: string[] = [];
  for (const plan of plans) {
    for (const { driver, files } of (await plan.firmware?.()) ?? []) {
      if (files.some((file) => brought.has(`${folder}/${file}`))) continue;
      const more = files.length > maxNamed ? ` and ${files.length - maxNamed} more` : '';
      const names = `${files.slice(0, maxNamed).join(', ')}${more}`;
      const asks = `${plan.name}: driver ${driver} asks for the firmware ${names}, of which ${holder} has nothing`;
      const way = plan.oem
        ? `list it under firmware in provider.yaml, put it into files/${folder}`
        : `put it into ${folder} of a module of type files`;
      warnings.push(
        `${asks}; ${way}, or say withoutFirmware: [${driver}] where the hardware does without`,
      );
    }
  }
  return warnings;
}
