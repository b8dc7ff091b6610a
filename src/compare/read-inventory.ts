import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeStored, type StoredArchive } from '../builder/inventory/describe-archive.ts';
import { readLoaderInventory } from '../builder/inventory/grub-packages.ts';
import type { ModuleInventory } from '../builder/inventory/inventory.ts';
import { readModuleInventory } from '../builder/inventory/read-module-inventory.ts';
import type { SystemInventory } from '../builder/inventory/system.ts';
import { writingAt } from '../diagnostics/system-error.ts';
import { temporaryFolder } from '../host/temporary-folder.ts';
import type { SystemSource } from './source.ts';

interface InventoryReading {
  readonly system: SystemInventory;
  /** Modules and packages of which nothing is known, each with the reason in one clause. */
  readonly gaps: readonly string[];
}

/**
 * What an image or a bundle consists of, as its modules, its store and its loader say themselves. `temporary` is a
 * folder for a folder. Throws `host.tool-missing`, and kind `corrupt` for damaged modules, packages and inventories.
 */
export async function readSystemInventory(
  source: SystemSource,
  { temporary, signal }: { temporary: string; signal?: AbortSignal },
): Promise<InventoryReading> {
  const { modules, packages, product, build } = source.described.system;
  const folder = temporaryFolder('inventory', temporary);
  const scratch = folder.path;
  const gaps: string[] = [];
  try {
    const found: ModuleInventory[] = [];
    for (const { name, file, files, leftOut } of modules) {
      const data = leftOut ? undefined : await source.moduleBytes(file);
      const read = (packed: Buffer | Uint8Array) =>
        readModuleInventory({ name, data: packed, files }, { scratch, signal });
      if (data) found.push(...(await writingAt(scratch, () => read(data))));
      else gaps.push(`${file}: ${leftOut ? 'the bundle leaves it out' : 'it cannot be read'}`);
    }
    const listed = modules.map(({ name, file, version, vendor, kind, sha256 }) => {
      const inventory = found.find(({ module }) => module === name);
      const reported = gaps.some((gap) => gap.startsWith(`${file}:`));
      if (!inventory && !reported) gaps.push(`${file}: it carries no inventory`);
      return { name, file, version, vendor, kind, sha256, inventory };
    });
    const store: StoredArchive[] = [];
    for (const one of packages) {
      const data = await source.packageBytes(one);
      const path = join(scratch, 'package');
      if (data) {
        await writingAt(scratch, () => writeFile(path, data));
        store.push(await describeStored(one, path, signal));
      } else gaps.push(`${one.name}: it is not there, or cannot be read`);
    }
    const config = source.loaderConfig();
    const loader = config === undefined ? undefined : readLoaderInventory(config);
    if (source.described.kind === 'image' && !loader)
      gaps.push('bootloader: it carries no inventory');
    return { system: { product, build, modules: listed, store, loader }, gaps };
  } finally {
    await folder.remove();
  }
}
