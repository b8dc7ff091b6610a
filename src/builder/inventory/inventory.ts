import * as z from 'zod';
import { TwinbankError } from '../../diagnostics/error.ts';
import { canonicalJson } from '../../update/signing/canonical-json.ts';
import { sha256 } from '../components/digest.ts';
import type { FileTree } from '../components/file-tree.ts';
import type { UsedModule } from '../modules/below.ts';
import { type InventoryPackage, uniquePackages } from './package.ts';

/** A package that is named and not there. */
export type LeftOutPackage = Pick<InventoryPackage, 'purl' | 'name' | 'version'>;

/** A file or link that a module brings, and what brought it. */
export interface InventoryFile {
  /** Without a leading `/`. */
  readonly path: string;
  /** Of a file's content; a link has its target instead, and the inventory itself neither. */
  readonly sha256?: string | undefined;
  readonly target?: string | undefined;
  /** Index into the module's packages. */
  readonly package: number;
  /** Path in the package, where it is another. */
  readonly from?: string | undefined;
  /** The package has other content there: it was stripped, or parts of it blanked. */
  readonly changed?: true | undefined;
  /** The package whose file of this name is left out, as nothing of it is used: this one is made here in its place. */
  readonly standsFor?: LeftOutPackage | undefined;
}

/** What is in one module. */
export interface ModuleInventory {
  readonly module: string;
  /** Those that brought a file, then those that are inside files of others. */
  readonly packages: readonly InventoryPackage[];
  /** By path. */
  readonly files: readonly InventoryFile[];
  /** Libraries that it takes from modules below it instead of bringing them again. */
  readonly uses?: readonly UsedModule[] | undefined;
}

/** What a module's files and packages are listed from. */
export interface InventorySources {
  /** Whose work all is that comes from no component. */
  readonly own: InventoryPackage;
  /** What is known of components, by id. */
  readonly packages: Readonly<Record<string, InventoryPackage>>;
  /** Packages inside files of its own: what a program was bundled with. */
  readonly bundled?: readonly InventoryPackage[];
  readonly uses?: readonly UsedModule[];
}

const licence = z.object({
  basis: z.enum(['copyright file', 'references', 'package.json', 'provider.yaml', 'unknown']),
  terms: z.array(z.string()),
  why: z.string().optional(),
});
export const packageShape = z.object({
  purl: z.string(),
  name: z.string(),
  version: z.string(),
  supplier: z.string(),
  licence: licence as z.ZodType<InventoryPackage['licence']>,
  homepage: z.string(),
  source: z.string(),
  sha256: z.string(),
  integrity: z.string(),
  depends: z.array(z.string()),
});
export const fileShape = z.object({
  path: z.string(),
  sha256: z.string().optional(),
  target: z.string().optional(),
  package: z.number().int().nonnegative(),
  from: z.string().optional(),
  changed: z.literal(true).optional(),
  standsFor: z.object({ purl: z.string(), name: z.string(), version: z.string() }).optional(),
});
const moduleShape = z
  .object({
    module: z.string(),
    packages: z.array(packageShape),
    files: z.array(fileShape),
    uses: z.array(z.object({ module: z.string(), libraries: z.array(z.string()) })).optional(),
  })
  .refine(({ packages, files }) => files.every((one) => one.package < packages.length))
  .refine(({ packages }) => uniquePackages(packages).length === packages.length);
const shape = z.object({ schemaVersion: z.literal(1), modules: z.array(moduleShape) });

/** Raised whenever the same facts would be written in another form; part of every module's key. */
const format = 2;

/** All that an inventory depends on beside the module's files. */
export function inventoryInputs({ own, packages, uses }: InventorySources): string {
  return sha256(canonical({ format, own, packages, ...(uses && { uses }) }));
}

/** Where a module has its inventory, and those of modules that cannot have one. */
export function inventoryPath(module: string): string {
  return `usr/share/twinbank/inventory/${module}.json`;
}

/**
 * What a tree holds, by the origins that its entries have, and `carrier`: the inventory's own file, where the tree
 * gets it. Throws `inventory.lost` (kind `internal`).
 */
export function takeInventory(
  module: string,
  tree: FileTree,
  { own, packages, bundled = [], uses = [] }: InventorySources,
  carrier?: string,
): ModuleInventory {
  const listed: InventoryPackage[] = [];
  const indexOf = (one: InventoryPackage): number => {
    const index = listed.findIndex(({ purl }) => purl === one.purl);
    return index < 0 ? listed.push(one) - 1 : index;
  };
  const files = [...tree].flatMap(([path, entry]): InventoryFile[] => {
    if (entry.type === 'directory') return [];
    const { from, standsFor } = entry;
    const known = (id: string): InventoryPackage => {
      const found = packages[id];
      if (found) return found;
      const message = `${module}: ${path}: expected ${id} among the packages of the module`;
      throw new TwinbankError('internal', 'inventory.lost', message);
    };
    return [
      {
        path,
        ...(entry.type === 'file' ? { sha256: sha256(entry.data) } : { target: entry.target }),
        package: indexOf(from ? known(from.id) : own),
        ...(from && from.path !== path && { from: from.path }),
        ...(from?.changed && { changed: true }),
        ...(standsFor !== undefined && { standsFor: leftOutPackage(known(standsFor)) }),
      },
    ];
  });
  if (carrier !== undefined) files.push({ path: carrier, package: indexOf(own) });
  files.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return {
    module,
    packages: uniquePackages([...listed, ...bundled]),
    files,
    ...(uses.length > 0 && { uses }),
  };
}

function leftOutPackage({ purl, name, version }: InventoryPackage): LeftOutPackage {
  return { purl, name, version };
}

/** The bytes of an inventory. */
export function encodeInventory(modules: readonly ModuleInventory[]): Uint8Array {
  return canonical({ schemaVersion: 1, modules });
}

/** What was remembered has its members in another order than what was just found: the bytes must not tell. */
export function canonical(facts: object): Uint8Array {
  return canonicalJson(JSON.parse(JSON.stringify(facts)));
}

/** Reads an inventory; `name` is how messages call it. Throws `inventory.form` (kind `corrupt`). */
export function readInventory(bytes: Uint8Array, name: string): ModuleInventory[] {
  try {
    return shape.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))).modules;
  } catch (error) {
    const found = error instanceof z.ZodError ? error.issues[0]?.path.join('.') : 'no JSON';
    const message = `${name}: expected an inventory, found something else (${found || 'other form'})`;
    throw new TwinbankError('corrupt', 'inventory.form', message, { cause: error });
  }
}
