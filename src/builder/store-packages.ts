import { readFile, stat } from 'node:fs/promises';
import { TwinbankError } from '../diagnostics/error.ts';
import type { ResolvedRecipe } from '../recipe/schema.ts';
import {
  type FirmwarePackage,
  type StoreEntry,
  storePackageName,
  type ToolsPackage,
} from '../recipe/store-schema.ts';
import { addBytes } from './components/cache.ts';
import type { ComponentContext, Resolved } from './components/component.ts';
import { digestFile } from './components/digest.ts';
import { addEntry, type FileTree } from './components/file-tree.ts';
import { memberInputs, readMember, resolveMembers } from './components/members.ts';
import { fetchComponent, resolveComponents } from './components/sources.ts';
import { nothingBelow } from './modules/below.ts';
import { planPrograms } from './modules/programs.ts';
import { planPacked } from './packed-package.ts';
import { plainName, type StorePackagePlan } from './store-package.ts';

/** Plans the packages that a recipe lists, in its order. Throws as `resolveComponents` and `planLibraries` do. */
export async function planStorePackages(
  { store }: Pick<ResolvedRecipe, 'store'>,
  context: ComponentContext,
): Promise<StorePackagePlan[]> {
  const plans: StorePackagePlan[] = [];
  for (const [index, entry] of store.packages.entries()) {
    plans.push(await planOne(entry, `store.packages[${index}]`, context));
  }
  return plans;
}

function planOne(
  entry: StoreEntry,
  place: string,
  context: ComponentContext,
): Promise<StorePackagePlan> {
  if (!('type' in entry)) return planWhole(entry, 'guest-tools', entry, context);
  switch (entry.type) {
    case 'firmware':
      return planFirmware(entry, `${place}.files`, context);
    case 'tools':
      return planTools(entry, `${place}.programs`, context);
    default:
      return planWhole(entry, entry.type, entry.from, context);
  }
}

/** A component that is one file, as it is. */
async function planWhole(
  entry: StoreEntry,
  type: 'client' | 'guest-tools',
  from: Parameters<typeof resolveComponents>[0][number],
  context: ComponentContext,
): Promise<StorePackagePlan> {
  const component = await resolveOne(from, context);
  return {
    components: [component],
    build: async () => {
      const fetched = await fetchComponent(component, context);
      if (!(await stat(fetched.path)).isFile()) throw notOneFile(component);
      // A component's own hash can be one of a tree; and a file of the host may change until it is written.
      const stored =
        component.scheme === 'file'
          ? await addBytes(context.cache, await readFile(fetched.path))
          : { ...fetched, sha256: await digestFile(fetched.path, 'sha256', 'hex') };
      const { bytes, path, sha256: hash } = stored;
      const about = { id: storePackageName(entry), type, version: component.version };
      const name = wholeFileName(component);
      if (!fileNameForm.test(name)) throw wrongFileName(component, name);
      return { ...about, name, bytes, path, sha256: hash };
    },
  };
}

/** Files of packages at their own paths. */
async function planFirmware(
  entry: FirmwarePackage,
  place: string,
  context: ComponentContext,
): Promise<StorePackagePlan> {
  const files = await resolveMembers(entry.files, context);
  return planPacked({
    entry,
    version: files[0]?.component.version ?? '',
    components: files.map(({ component }) => component),
    inputs: { files: memberInputs(files) },
    tools: [],
    read: async () => {
      const tree: FileTree = new Map();
      for (const file of files) {
        for (const [path, entry] of await readMember(file, place, context)) {
          addEntry(tree, path, entry);
        }
      }
      return tree;
    },
    context,
  });
}

/** Where programs, and the interpreter that they name, are looked for; the package is the root of their world. */
const rootLinks = { bin: 'usr/bin', lib: 'usr/lib', lib64: 'usr/lib64', sbin: 'usr/sbin' };

/**
 * Programs with all the libraries they need, the C library too: the package runs on its own, whatever a bank has, and
 * keeps its bytes when the bank's libraries change.
 */
async function planTools(
  entry: ToolsPackage,
  place: string,
  context: ComponentContext,
): Promise<StorePackagePlan> {
  const component = await resolveOne(entry.from, context);
  const roots = [{ component, paths: entry.programs, place }];
  const programs = await planPrograms(roots, nothingBelow, context);
  return planPacked({
    entry,
    version: component.version,
    components: [component, ...programs.packages],
    inputs: {
      from: component.sha256,
      programs: entry.programs,
      libraries: programs.packages.map(({ sha256: hash }) => hash),
      sonames: programs.sonames,
    },
    tools: ['strip'],
    read: async (scratch) => {
      const tree = await programs.read(scratch);
      for (const [path, target] of Object.entries(rootLinks)) {
        const isThere = [...tree.keys()].some((one) => one.startsWith(`${target}/`));
        if (isThere) addEntry(tree, path, { type: 'symlink', target });
      }
      return tree;
    },
    context,
  });
}

async function resolveOne(
  ref: Parameters<typeof resolveComponents>[0][number],
  context: ComponentContext,
): Promise<Resolved> {
  const [component] = await resolveComponents([ref], context);
  if (!component) throw new TwinbankError('internal', 'store.lost', JSON.stringify(ref));
  return component;
}

/** `NAME_VERSION_ARCHITECTURE.deb` as Debian calls it; a colon of the version cannot stand in FAT. */
function wholeFileName({ scheme, name, version, architecture }: Resolved): string {
  const plain = plainName(`${name}_${version}`);
  if (scheme === 'deb') return `${plain}_${architecture ?? 'all'}.deb`;
  return scheme === 'npm' ? `${plain}.tgz` : plainName(name.split('/').pop() ?? name);
}

/** As a manifest has names of files, and a bundle paths (src/bootloader/manifest-form.ts); in FAT none ends with a dot. */
const fileNameForm = /^[A-Za-z0-9][A-Za-z0-9.+~_-]{0,90}(?<!\.)$/;

function wrongFileName({ id }: Resolved, name: string): TwinbankError {
  return new TwinbankError(
    'recipe',
    'store.file-name',
    `store.packages: expected ${id} to have a name of at most 91 characters that begins with a letter or digit and does not end with a dot, found ${name}`,
    { data: { name } },
  );
}

function notOneFile({ id }: Resolved): TwinbankError {
  return new TwinbankError(
    'recipe',
    'store.not-a-file',
    `store.packages: expected ${id} to be one file, found a directory; pack it first`,
  );
}
