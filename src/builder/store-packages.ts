import { readFile, stat } from 'node:fs/promises';
import { TwinbankError } from '../diagnostics/error.ts';
import type { Layer } from '../recipe/module-schema.ts';
import type { ResolvedRecipe } from '../recipe/schema.ts';
import {
  type FirmwarePackage,
  type StoreEntry,
  storePackageName,
  type ToolsPackage,
} from '../recipe/store-schema.ts';
import { addBytes } from './components/cache.ts';
import type { ComponentContext, Resolved } from './components/component.ts';
import { getOrBuild, type Json } from './components/derived.ts';
import { digestFile, sha256 } from './components/digest.ts';
import { addEntry, type FileTree, sortedEntries, withParents } from './components/file-tree.ts';
import { readMembers, resolveMembers } from './components/members.ts';
import { fetchComponent, fetchComponents, resolveComponents } from './components/sources.ts';
import { storeInventoryPath } from './inventory/describe-archive.ts';
import { describePackages } from './inventory/describe-packages.ts';
import { encodeInventory, inventoryInputs, takeInventory } from './inventory/inventory.ts';
import { ownPackage } from './inventory/own-package.ts';
import { nothingBelow } from './modules/below.ts';
import { layerInputs } from './modules/layer.ts';
import { planPrograms } from './modules/programs.ts';
import { makeSquashfs } from './modules/squashfs.ts';
import { toolVersion } from './tool-version.ts';

/** What a package of the store is, as the manifest of its build has it. */
interface PackageFacts {
  /** What the running system calls it: `ovmf`. */
  readonly id: string;
  readonly type: 'firmware' | 'tools' | 'guest-tools' | 'client';
  readonly version: string;
  /** Of its file, below `packages/`. */
  readonly name: string;
}

/** A package whose bytes are in the cache. */
export interface BuiltPackage extends PackageFacts {
  readonly bytes: number;
  readonly sha256: string;
  readonly path: string;
}

/** A package before it is made; nothing is fetched yet but what a plan must look into. */
export interface StorePackagePlan {
  /** All that it is made of, and those that only have its licences: for the lock. */
  readonly components: readonly Resolved[];
  build(): Promise<BuiltPackage>;
}

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
    inputs: { files: files.map(({ component, member }) => [component.sha256, member ?? '']) },
    tools: [],
    read: async () => {
      const tree: FileTree = new Map();
      for (const { component, member } of files) {
        const members = member === undefined ? undefined : [member];
        const found = await readMembers(component, members, place, context);
        for (const [path, file] of found) addEntry(tree, path, file);
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

interface PackedDraft {
  readonly entry: FirmwarePackage | ToolsPackage;
  readonly version: string;
  readonly components: readonly Resolved[];
  readonly inputs: Json;
  /** Beside mksquashfs. */
  readonly tools: readonly string[];
  read(scratch: string): Promise<FileTree>;
  readonly context: ComponentContext;
}

/** Raised whenever the same inputs would give other bytes than before; part of each package's key. */
const packedFormat = 1;

/** A package that is one squashfs, with its inventory in it. */
async function planPacked(draft: PackedDraft): Promise<StorePackagePlan> {
  const { entry, version, components, context } = draft;
  const { packages, copyrights } = await describePackages(components, context);
  const sources = { own: ownPackage(), packages };
  return {
    components: [...components, ...copyrights],
    build: async () => {
      const tools = [...draft.tools, 'mksquashfs'].map((tool) => toolVersion(tool, context));
      const inputs = [draft.inputs, layerInputs(entry.layer), inventoryInputs(sources)];
      const key = sha256(
        JSON.stringify(['store', packedFormat, entry.name, inputs, await Promise.all(tools)]),
      );
      const started = performance.now();
      const built = await getOrBuild(context.cache, key, async (scratch) => {
        await fetchComponents(components, context);
        context.report({ type: 'note', text: `building ${entry.name} (${version})` });
        const data = await pack(await draft.read(scratch), entry.layer, scratch);
        return { data, meta: null };
      });
      const seconds = (performance.now() - started) / 1000;
      context.report({ type: 'done', task: entry.name, seconds, cached: built.cached });
      const { bytes, path, sha256: hash } = built;
      const name = `${plainName(`${entry.name}_${version}`).slice(0, 80)}.sqfs`;
      return { id: entry.name, type: entry.type, version, name, bytes, path, sha256: hash };
    },
  };

  function pack(tree: FileTree, layer: Layer, scratch: string): Promise<Uint8Array> {
    const listed: FileTree = new Map(sortedEntries(tree));
    const inventory = takeInventory(entry.name, listed, sources, storeInventoryPath);
    const data = encodeInventory([inventory]);
    addEntry(listed, storeInventoryPath, { type: 'file', mode: 0o644, data });
    const whole: FileTree = new Map(sortedEntries(withParents(listed)));
    return makeSquashfs(whole, layer, scratch, context.signal);
  }
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

/** As a manifest has names of files, and a bundle paths (src/bootloader/manifest-form.ts). */
const fileNameForm = /^[A-Za-z0-9][A-Za-z0-9.+~_-]{0,90}$/;

function wrongFileName({ id }: Resolved, name: string): TwinbankError {
  return new TwinbankError(
    'recipe',
    'store.file-name',
    `store.packages: expected ${id} to have a name of at most 91 characters that begins with a letter or digit, found ${name}`,
    { data: { name } },
  );
}

function plainName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9.+~_-]/g, '-');
}

function notOneFile({ id }: Resolved): TwinbankError {
  return new TwinbankError(
    'recipe',
    'store.not-a-file',
    `store.packages: expected ${id} to be one file, found a directory; pack it first`,
  );
}
