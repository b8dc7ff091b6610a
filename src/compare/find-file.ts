import { mergedUsrPath } from '../builder/components/deb-archive.ts';
import type { InventoryFile } from '../builder/inventory/inventory.ts';
import type { InventoryPackage } from '../builder/inventory/package.ts';
import type { ListedModule, SystemInventory } from '../builder/inventory/system.ts';

/** A file of a system, and what brings it. */
export interface FoundFile {
  /** What the running system calls it, with a leading `/`; of the initramfs, the loader and the store without. */
  readonly path: string;
  /** Of the store the package's file. */
  readonly module: string;
  /** Undefined for the loader and the store. */
  readonly listed?: ListedModule;
  readonly file: InventoryFile;
  readonly package: InventoryPackage;
}

/** Links that lead to one another end. */
const maxLinks = 16;

/**
 * What brings a file of a running system: its path is followed through the system's links, as a program of it would
 * be. The initramfs, the loader and the store's packages have files of their own. All modules that have one are named, the one on top, whose
 * file is seen, first. Empty for no file of the system.
 */
export function findFile(system: SystemInventory, path: string): FoundFile[] {
  const layers = system.modules.filter(({ name }) => name !== 'boot').reverse();
  const apart = system.modules.filter(({ name }) => name === 'boot');
  const plain = path.replace(/^\/+/, '').replaceAll(/\/+/g, '/');
  const links = new Map(
    system.modules
      .filter(({ name }) => name !== 'boot')
      .flatMap(({ inventory }) => inventory?.files ?? [])
      .flatMap((file) => (file.target === undefined ? [] : [[file.path, file.target]])),
  );
  const inLayersAt = (one: string) => layers.flatMap((layer) => filesAt(layer, one, '/'));
  const exact = inLayersAt(plain);
  const inLayers = exact.length > 0 ? exact : inLayersAt(followLinks(plain, links));
  const inBoot = apart.flatMap((one) => filesAt(one, plain, ''));
  const { loader } = system;
  const inLoader = (loader?.files ?? []).flatMap((file): FoundFile[] => {
    const brought = loader?.packages[file.package];
    if (!brought || file.path.toLowerCase() !== plain.toLowerCase()) return [];
    return [{ path: file.path, module: 'bootloader', file, package: brought }];
  });
  // A package of the store is the root of what it has, until somebody uses it.
  const inStore = system.store.flatMap(({ name, packages, files = [] }) =>
    files.flatMap((file): FoundFile[] => {
      const brought = packages[file.package];
      if (!brought || file.path !== plain) return [];
      return [{ path: file.path, module: name, file, package: brought }];
    }),
  );
  return [...inLayers, ...inBoot, ...inLoader, ...inStore];
}

function filesAt(listed: ListedModule, at: string, root: string): FoundFile[] {
  const { name, inventory } = listed;
  return (inventory?.files ?? []).flatMap((file): FoundFile[] => {
    const brought = inventory?.packages[file.package];
    if (!brought || file.path !== at) return [];
    const path = name === 'vmkernel' ? file.path : `${root}${file.path}`;
    return [{ path, module: name, listed, file, package: brought }];
  });
}

/** A path with the links on the way to it followed; a link at its end is what is asked for. */
function followLinks(path: string, links: ReadonlyMap<string, string>): string {
  let followed = mergedUsrPath(path);
  for (let count = 0; count < maxLinks; count++) {
    const parts = followed.split('/');
    const at = parts.findIndex(
      (_, index) => index < parts.length - 1 && links.has(parts.slice(0, index + 1).join('/')),
    );
    if (at < 0) return followed;
    const target = links.get(parts.slice(0, at + 1).join('/')) ?? '';
    const folder = target.startsWith('/') ? [] : parts.slice(0, at);
    followed = normalized([...folder, ...target.split('/'), ...parts.slice(at + 1)]);
  }
  return followed;
}

function normalized(parts: readonly string[]): string {
  const kept: string[] = [];
  for (const part of parts) {
    if (part === '..') kept.pop();
    else if (part !== '' && part !== '.') kept.push(part);
  }
  return kept.join('/');
}
