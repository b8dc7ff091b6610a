import { TwinbankError } from '../../diagnostics/error.ts';
import type { Layer } from '../../recipe/module-schema.ts';
import { readObject } from '../components/cache.ts';
import type { ComponentContext } from '../components/component.ts';
import { getOrBuild, readDerived } from '../components/derived.ts';
import { sha256 } from '../components/digest.ts';
import type { FileTree } from '../components/file-tree.ts';
import { makeSquashfs } from '../modules/squashfs.ts';
import { toolVersion } from '../tool-version.ts';
import { readOneBlockFiles } from './inode.ts';
import { decodePlainMetadata } from './metadata.ts';
import { type PackBlocks, type PackedBlock, readSizeWord } from './packed-block.ts';
import { readInodeTablePlace } from './superblock.ts';

type Meta = { readonly compressed: boolean };

/** Raised whenever the same block would give other bytes than before. */
const format = 1;

/**
 * Compresses blocks as mksquashfs does, and takes those that it has compressed before from the cache. `scratch` is a folder of
 * the caller's.
 */
export function cachedBlocks(
  layer: Layer,
  scratch: string,
  components: ComponentContext,
): PackBlocks {
  const { cache, signal } = components;
  return async (blocks) => {
    if (blocks.length === 0) return [];
    const tool = await toolVersion('mksquashfs', components);
    const keys = blocks.map((block) =>
      sha256(JSON.stringify({ type: 'squashfs-block', format, layer, tool, data: sha256(block) })),
    );
    const found = await Promise.all(keys.map((key) => readDerived<Meta>(cache, key)));
    const missing = new Map<string, Uint8Array>();
    for (const [index, block] of blocks.entries()) {
      if (!found[index]) missing.set(keys[index] ?? '', block);
    }
    const packed = await packBlocks([...missing.values()], layer, scratch, signal);
    const made = new Map<string, PackedBlock>();
    for (const [index, key] of [...missing.keys()].entries()) {
      const block = packed[index];
      if (block) made.set(key, block);
    }
    for (const [key, { data, compressed }] of made) {
      await getOrBuild<Meta>(cache, key, async () => ({ data, meta: { compressed } }));
    }
    return Promise.all(
      keys.map(async (key, index) => {
        const known = found[index];
        if (known) return { data: await readObject(cache, known.sha256), ...known.meta };
        const block = made.get(key);
        if (block) return block;
        throw new TwinbankError('internal', 'squashfs.lost', `squashfs: block ${index} is lost`);
      }),
    );
  };
}

/** mksquashfs has no command for a block alone: a squashfs of files of one block each has them in order. */
export async function packBlocks(
  blocks: readonly Uint8Array[],
  layer: Layer,
  scratch: string,
  signal?: AbortSignal,
): Promise<PackedBlock[]> {
  if (blocks.length === 0) return [];
  const tree: FileTree = new Map();
  for (const [index, data] of blocks.entries()) {
    const name = String(index).padStart(8, '0');
    tree.set(name, { type: 'file', mode: 0o644, data });
  }
  const image = await makeSquashfs(tree, layer, scratch, signal, oneBlockFiles);
  const { start, end } = readInodeTablePlace(image);
  const inodes = decodePlainMetadata(image.subarray(start, end));
  return readOneBlockFiles(inodes, blocks.length).map(({ bytes, start: at, word }, index) => {
    if (bytes !== blocks[index]?.length) {
      const message = `mksquashfs: expected file ${index} to have ${blocks[index]?.length} bytes, found ${bytes}`;
      throw new TwinbankError('internal', 'squashfs.order', message);
    }
    const size = readSizeWord(word);
    const data = image.subarray(at, at + size.bytes);
    return { data, compressed: size.compressed };
  });
}

/** Each file by itself, whatever is in it, and inodes that can be read without unpacking them. */
const oneBlockFiles = ['-no-fragments', '-no-duplicates', '-no-sparse', '-noI'];
