import type { FileTree } from '../components/file-tree.ts';
import { encodeInodeTables, type FileData } from './inode-tables.ts';
import { encodeMetadata } from './metadata.ts';
import { type PackBlocks, sizeWord } from './packed-block.ts';
import { placeFiles } from './place-files.ts';
import { encodeSuperblock, superblockBytes } from './superblock.ts';

interface AssembleOptions {
  readonly blockSize: number;
  /** Of zstd. */
  readonly level: number;
  /** Files that share blocks with each other and with no others (place-files.ts). */
  readonly parts: readonly FileTree[];
  readonly pack: PackBlocks;
}

/** A loop device has whole sectors; mksquashfs pads to as much. */
const paddedTo = 4096;

/**
 * A squashfs 4.0 of zstd blocks: owner root, all times 0, so that its bytes depend on the tree, the parts and the options
 * alone. All that takes time is `pack`, which may know blocks from before. The tree has all its folders, and stands in byte
 * order of its paths. The layout is that of the kernel's documentation (filesystems/squashfs.rst, section 3) without
 * export and attribute tables.
 */
export async function assembleSquashfs(
  tree: FileTree,
  { blockSize, level, parts, pack }: AssembleOptions,
): Promise<Uint8Array> {
  const { places, blocks, fragments } = placeFiles(tree, parts, blockSize);
  const packed = await pack([...blocks, ...fragments]);
  const starts: number[] = [];
  const options = compressorOptions(level);
  let at = superblockBytes + options.length;
  for (const { data } of packed) {
    starts.push(at);
    at += data.length;
  }
  const words = packed.map(sizeWord);
  const fileData = (path: string): FileData => {
    const { blocks: own, fragment } = places.get(path) ?? { blocks: [] };
    const entry = tree.get(path);
    return {
      bytes: entry?.type === 'file' ? entry.data.length : 0,
      start: starts[own[0] ?? -1] ?? 0,
      blocks: own.map((block) => words[block] ?? 0),
      fragment,
    };
  };
  const tables = await encodeInodeTables(tree, fileData, pack);
  const inodeTable = at;
  const directoryTable = inodeTable + tables.inodeTable.length;
  const fragmentList = fragments.map((_, index) => {
    const block = blocks.length + index;
    return fragmentEntry(starts[block] ?? 0, words[block] ?? 0);
  });
  const afterDirectories = directoryTable + tables.directoryTable.length;
  const fragmentTable = indexedTable(Buffer.concat(fragmentList), afterDirectories);
  const afterFragments = afterDirectories + fragmentTable.bytes.length;
  // One owner: 0, root.
  const idTable = indexedTable(Buffer.alloc(4), afterFragments);
  const bytesUsed = afterFragments + idTable.bytes.length;
  const superblock = encodeSuperblock({
    inodes: tables.inodes,
    blockSize,
    fragments: fragments.length,
    root: tables.root,
    bytesUsed,
    idTable: idTable.index,
    inodeTable,
    directoryTable,
    fragmentTable: fragments.length > 0 ? fragmentTable.index : undefined,
  });
  return Buffer.concat([
    superblock,
    options,
    ...packed.map(({ data }) => data),
    tables.inodeTable,
    tables.directoryTable,
    fragmentTable.bytes,
    idTable.bytes,
    Buffer.alloc((paddedTo - (bytesUsed % paddedTo)) % paddedTo),
  ]);
}

/** The level of zstd, as a metadata block: for unsquashfs, which tells it. */
function compressorOptions(level: number): Uint8Array {
  const options = Buffer.alloc(4);
  options.writeUInt32LE(level);
  return encodeMetadata(options).bytes;
}

function fragmentEntry(start: number, word: number): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(BigInt(start), 0);
  bytes.writeUInt32LE(word, 8);
  return bytes;
}

/** A table at `start`, and after it the places of its blocks: `index`, which the superblock names. */
function indexedTable(
  table: Uint8Array,
  start: number,
): { readonly bytes: Uint8Array; readonly index: number } {
  const { bytes, starts } = encodeMetadata(table);
  const places = Buffer.alloc(8 * starts.length);
  for (const [index, place] of starts.entries()) {
    places.writeBigUInt64LE(BigInt(start + place), 8 * index);
  }
  return { bytes: Buffer.concat([bytes, places]), index: start + bytes.length };
}
