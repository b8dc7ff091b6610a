import * as z from 'zod';
import type { Resolved } from '../components/component.ts';
import { readDeb, readDebControl } from '../components/deb-archive.ts';
import type { FileTree } from '../components/file-tree.ts';
import { readNpm } from '../components/npm-archive.ts';
import { readCopyright } from './copyright-file.ts';
import { packageShape, readInventory } from './inventory.ts';
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
  readonly packages: readonly InventoryPackage[];
}

export const storedShape = z.object({
  name: z.string(),
  sha256: z.string(),
  packages: z.array(packageShape),
});

/** Where twinbank's own package has the inventory of what it is bundled with. */
const bundledInventory = 'package/inventory.json';

/** Describes an archive by the ending of its name. Throws kind `corrupt` for one that is not what that says. */
export async function describeStored(
  { name, sha256 }: { name: string; sha256: string },
  path: string,
  signal?: AbortSignal,
): Promise<StoredArchive> {
  if (name.endsWith('.deb')) {
    const { described } = await describeDeb(path, sha256, signal);
    return { name, sha256, packages: [described] };
  }
  if (name.endsWith('.tgz')) {
    const { described } = await describeNpm(path, { sha256 }, signal);
    const inside = contentOf(await readNpm(path, (one) => one === bundledInventory, signal));
    const modules = inside ? readInventory(inside, `${name}: ${bundledInventory}`) : [];
    const inner = modules.flatMap((one) => one.packages);
    return { name, sha256, packages: uniquePackages([described, ...inner]) };
  }
  const licence = unknownLicence('it is a file that the recipe names');
  const described = genericPackage({ name, version: '', supplier: '', licence });
  return { name, sha256, packages: [{ ...described, sha256 }] };
}

function contentOf(tree: FileTree): Buffer | undefined {
  for (const entry of tree.values()) if (entry.type === 'file') return Buffer.from(entry.data);
  return undefined;
}
