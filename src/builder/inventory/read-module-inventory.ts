import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../../host/run-tool.ts';
import { readNewc } from '../modules/read-newc.ts';
import { unpackedArchive } from '../modules/unpacked-archive.ts';
import { inventoryPath, type ModuleInventory, readInventory } from './inventory.ts';

/** A module as a bank or a bundle has it. */
interface PackedModule {
  readonly name: string;
  readonly data: Uint8Array;
  /** Paths that its manifest lists. */
  readonly files: readonly string[];
}

/**
 * The inventories that a module carries: its own, and that of the kernel in `boot`. None where its manifest lists
 * none, as of one that was made before there were any. `scratch` is a folder of the caller's. Throws
 * `host.tool-missing`, and kind `corrupt` for a damaged module or inventory.
 */
export async function readModuleInventory(
  { name, data, files }: PackedModule,
  { scratch, signal }: { scratch: string; signal?: AbortSignal | undefined },
): Promise<readonly ModuleInventory[]> {
  const path = inventoryPath(name);
  if (!files.includes(path)) return [];
  const entries = readNewc((await unpackedArchive(data, { scratch, signal })) ?? data);
  const layer = entries.find((entry) => entry.path === `modules/${name}.sqfs`);
  if (!layer) {
    const entry = entries.find((one) => one.path === path);
    return readInventory(entry?.data ?? new Uint8Array(), `${name}: ${path}`);
  }
  const squashfs = join(scratch, `${name}.sqfs`);
  try {
    await writeFile(squashfs, layer.data);
    const { stdout } = await runTool(
      'unsquashfs',
      ['-cat', squashfs, path],
      signal ? { signal } : {},
    );
    return readInventory(stdout, `${name}: ${path}`);
  } finally {
    await rm(squashfs, { force: true });
  }
}
