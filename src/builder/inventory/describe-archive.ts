import * as z from 'zod';
import type { ManifestPackage } from '../../bootloader/bank-manifest.ts';
import { runTool } from '../../host/run-tool.ts';
import type { Resolved } from '../components/component.ts';
import { readDeb, readDebControl } from '../components/deb-archive.ts';
import type { FileTree } from '../components/file-tree.ts';
import { readNpm } from '../components/npm-archive.ts';
import { readCopyright } from './copyright-file.ts';
import { fileShape, type InventoryFile, packageShape, readInventory } from './inventory.ts';
import { unknownLicence } from './licence.ts';
import {
  debPackage,
  genericPackage,
  type InventoryPackage,
  npmPackage,
  uniquePackages,
} from './package.ts';

/** What an archive says of itself. */
export interface DescribedArchive {
  readonly described: InventoryPackage;
  /** The package that has its copyright file: another one of its source and version. */
  readonly copyrightIn?: string | undefined;
}

/** A Debian package. Throws kind `corrupt` for what is none. */
export async function describeDeb(
  path: string,
  sha256: string,
  signal?: AbortSignal,
): Promise<DescribedArchive> {
  const control = await readDebControl(path);
  const [name = '', version = ''] = ['Package', 'Version'].map((field) => control.get(field));
  const describe = (licence: InventoryPackage['licence']) =>
    debPackage({ name, version, sha256 }, control, licence);
  // Debian Policy 12.5: in its own folder, or that is a link to the folder of another package of its source.
  const folder = `usr/share/doc/${name}`;
  const file = `${folder}/copyright`;
  const tree = await readDeb(path, (one) => one === folder || one === file, signal);
  const found = tree.get(file);
  if (found?.type === 'file') {
    return { described: describe(readCopyright(Buffer.from(found.data).toString('utf8'))) };
  }
  const link = [tree.get(folder), found].find((one) => one?.type === 'symlink');
  const target = link?.type === 'symlink' ? link.target : undefined;
  const copyrightIn = target
    ?.replace(/\/copyright$/, '')
    .split('/')
    .pop();
  const why = copyrightIn ? `its copyright file is in ${copyrightIn}` : 'it has no copyright file';
  return { described: describe(unknownLicence(why)), copyrightIn };
}

/** An npm package. Throws kind `corrupt` for what is none. */
export async function describeNpm(
  path: string,
  hashes: Partial<Pick<Resolved, 'sha256' | 'integrity'>>,
  signal?: AbortSignal,
): Promise<DescribedArchive> {
  const isAbout = (one: string): boolean => /^[^/]+\/package\.json$/.test(one);
  const about = contentOf(await readNpm(path, isAbout, signal));
  return { described: npmPackage(JSON.parse(about?.toString() ?? '{}'), hashes) };
}

/** An archive of the store: itself, and what it says is inside. */
export interface StoredArchive {
  readonly name: string;
  readonly sha256: string;
  /** As its manifest says. */
  readonly version?: string | undefined;
  readonly packages: readonly InventoryPackage[];
  /** Of a package that was put together here; one that is there as it was published has a list of its own. */
  readonly files?: readonly InventoryFile[] | undefined;
}

export const storedShape = z.object({
  name: z.string(),
  sha256: z.string(),
  version: z.string().optional(),
  packages: z.array(packageShape),
  files: z.array(fileShape).optional(),
});

/** Where a squashfs of the store has its inventory. */
export const storeInventoryPath = 'inventory.json';

/** Types of packages that are put together as one squashfs. */
const packedTypes = ['firmware', 'tools'];

/** Where twinbank's own package has the inventory of what it is bundled with. */
const bundledInventory = 'package/inventory.json';

/**
 * Describes an archive by its type, or else by the ending of its name. Throws kind `corrupt` for one that is not what that
 * says, and `host.tool-missing`.
 */
export async function describeStored(
  { name, sha256, type, version }: Omit<ManifestPackage, 'bytes'>,
  path: string,
  signal?: AbortSignal,
): Promise<StoredArchive> {
  const about = { name, sha256, ...(version && { version }) };
  if (packedTypes.includes(type ?? '')) {
    const args = ['-cat', path, storeInventoryPath];
    const { stdout } = await runTool('unsquashfs', args, signal ? { signal } : {});
    const [found] = readInventory(stdout, `${name}: ${storeInventoryPath}`);
    return { ...about, packages: found?.packages ?? [], files: found?.files ?? [] };
  }
  if (name.endsWith('.deb')) {
    const { described } = await describeDeb(path, sha256, signal);
    return { ...about, packages: [described] };
  }
  if (name.endsWith('.tgz')) {
    const { described } = await describeNpm(path, { sha256 }, signal);
    const inside = contentOf(await readNpm(path, (one) => one === bundledInventory, signal));
    const modules = inside ? readInventory(inside, `${name}: ${bundledInventory}`) : [];
    const inner = modules.flatMap((one) => one.packages);
    return { ...about, packages: uniquePackages([described, ...inner]) };
  }
  const licence = unknownLicence('it is a file that the recipe names');
  const described = genericPackage({ name, version: '', supplier: '', licence });
  return { ...about, packages: [{ ...described, sha256 }] };
}

function contentOf(tree: FileTree): Buffer | undefined {
  for (const entry of tree.values()) if (entry.type === 'file') return Buffer.from(entry.data);
  return undefined;
}
