import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../bootloader/sum-file.ts';
import { unpackedRange } from '../builder/components/decompress.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { type ModuleFile, textOf } from './module-file.ts';
import { isNewc, type NewcEntry, readNewc } from './read-newc.ts';
import { type ReadOptions, readSquashfs } from './read-squashfs.ts';

/** What a compressed initramfs begins with, and what its host program calls it. */
const compressions = [
  { ending: 'zst', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { ending: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { ending: 'gz', magic: [0x1f, 0x8b] },
] as const;

/** No initramfs unpacks to more. */
const maxInitramfs = 2 ** 28;

/**
 * The files in a module: of a layer those in its squashfs, of an initramfs those of its archive. Undefined for
 * what is neither, such as the kernel. Throws kind `corrupt` for what is damaged, and as `readSquashfs` does.
 */
export async function readModuleFiles(
  module: Uint8Array,
  options: ReadOptions,
): Promise<ModuleFile[] | undefined> {
  const archive = await unpacked(module, options);
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

async function unpacked(
  module: Uint8Array,
  { scratch, signal }: ReadOptions,
): Promise<Uint8Array | undefined> {
  if (isNewc(module)) return module;
  const packing = compressions.find(({ magic }) => magic.every((one, at) => module[at] === one));
  if (!packing) return undefined;
  const path = join(scratch, 'initramfs');
  await writeFile(path, module);
  // The file is padded with zeros to a multiple of 4, which zstd takes for damage. Its last byte may be one, too.
  for (let padding = 0; ; padding++) {
    const size = module.length - padding;
    try {
      return await collect(
        unpackedRange(path, { name: `.${packing.ending}`, offset: 0, size }, signal),
      );
    } catch (error) {
      const isPadded = padding < 3 && module[size - 1] === 0;
      if (!isPadded || !(error instanceof TwinbankError) || error.kind !== 'corrupt') throw error;
    }
  }
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    all.push(piece);
    if (bytes <= maxInitramfs) continue;
    const message = `initramfs: expected at most ${maxInitramfs} bytes unpacked, found more`;
    throw new TwinbankError('corrupt', 'compare.unpacked', message);
  }
  return Buffer.concat(all);
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
