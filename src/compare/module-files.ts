import { sha256 } from '../bootloader/sum-file.ts';
import { type NewcEntry, readNewc } from '../builder/modules/read-newc.ts';
import { unpackedArchive } from '../builder/modules/unpacked-archive.ts';
import { type ModuleFile, textOf } from './module-file.ts';
import { type ReadOptions, readSquashfs } from './read-squashfs.ts';

/**
 * The files in a module: of a layer those in its squashfs, of an initramfs those of its archive. Undefined for
 * what is neither, such as the kernel. Throws kind `corrupt` for what is damaged, and as `readSquashfs` does.
 */
export async function readModuleFiles(
  module: Uint8Array,
  options: ReadOptions,
): Promise<ModuleFile[] | undefined> {
  const archive = await unpackedArchive(module, options);
  if (!archive) return undefined;
  const files: ModuleFile[] = [];
  for (const entry of readNewc(archive)) {
    const isLayer = /^modules\/[^/]+\.sqfs$/.test(entry.path);
    if (isLayer) files.push(...(await readSquashfs(entry.data, options)));
    // The folder that the kernel puts a layer into is the wrapping's.
    else if (entry.path !== 'modules') files.push(fileOf(entry, options.texts));
  }
  return files;
}

function fileOf({ path, mode, owner, data }: NewcEntry, texts: boolean): ModuleFile {
  const types = { 8: 'file', 4: 'directory', 10: 'symlink' } as const;
  const type = types[(mode >> 12) as keyof typeof types] ?? 'other';
  const facts = { path, type, mode: mode & 0o7777, owner };
  if (type !== 'file') {
    const target = Buffer.from(data).toString('utf8');
    return { ...facts, bytes: 0, sha256: '', target };
  }
  const text = texts ? textOf(data) : undefined;
  const content = { bytes: data.length, sha256: sha256(data), target: '' };
  return { ...facts, ...content, ...(text !== undefined && { text }) };
}
