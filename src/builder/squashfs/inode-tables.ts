import { basename, dirname } from 'node:path/posix';
import type { FileTree, TreeEntry } from '../components/file-tree.ts';
import { layerMode } from '../modules/gnu-tar.ts';
import {
  directoryInodeBytes,
  encodeDirectoryInode,
  encodeFileInode,
  encodeSymlinkInode,
  type FileInode,
  inodeTypes,
} from './inode.ts';
import { encodeListing, type ListedEntry } from './listing.ts';
import { encodeMetadata, metadataBytes, wholeBlocks } from './metadata.ts';
import type { PackBlocks } from './packed-block.ts';

/** What a file's inode says beside its number and mode. */
export type FileData = Omit<FileInode, 'number' | 'mode'>;

interface InodeTables {
  readonly inodes: number;
  readonly inodeTable: Uint8Array;
  readonly directoryTable: Uint8Array;
  /** As in the superblock. */
  readonly root: bigint;
}

interface Folder {
  readonly path: string;
  readonly mode: number;
  readonly children: (readonly [name: string, path: string, entry: TreeEntry])[];
}

interface InodePlace {
  readonly inode: number;
  readonly block: number;
  readonly offset: number;
}

const rootMode = 0o755;

/**
 * The inode and the directory table of a tree that has all its folders. Places in one table name compressed bytes of
 * the other, so each is compressed only where that is known in time: first come the inodes of files and links, which say
 * nothing of the tables, then those of folders, each after what is in it and none of them compressed. Only whole blocks are: a
 * small layer, whose tables are less, would save a few hundred bytes and cost one more run of the compressor.
 */
export async function encodeInodeTables(
  tree: FileTree,
  fileData: (path: string) => FileData,
  pack: PackBlocks,
): Promise<InodeTables> {
  const numbers = new Map<string, number>();
  const leaves: Uint8Array[] = [];
  const leafAt = new Map<string, number>();
  let bytes = 0;
  for (const [path, entry] of tree) {
    if (entry.type === 'directory') continue;
    const number = numbers.size + 1;
    const encoded =
      entry.type === 'symlink'
        ? encodeSymlinkInode({ number, target: entry.target })
        : encodeFileInode({ number, mode: layerMode(entry.mode), ...fileData(path) });
    numbers.set(path, number);
    leafAt.set(path, bytes);
    leaves.push(encoded);
    bytes += encoded.length;
  }
  const leafTable = Buffer.concat(leaves);
  const packedLeaves = await pack(wholeBlocks(leafTable));
  const folders = foldersOf(tree);
  for (const { path } of folders) numbers.set(path, numbers.size + 1);
  const inodeStart = blockStarts(packedLeaves.map(({ data }) => data.length));
  const placeOf = (path: string, at: number): InodePlace => {
    const [block, offset] = [Math.floor(at / metadataBytes), at % metadataBytes];
    return { inode: numbers.get(path) ?? 0, block: inodeStart(block), offset };
  };

  const places = new Map<string, InodePlace>();
  for (const [path, at] of leafAt) places.set(path, placeOf(path, at));
  const listings: { folder: Folder; listing: Uint8Array; at: number }[] = [];
  let listed = 0;
  for (const folder of folders) {
    const listing = encodeListing(folder.children.map((child) => listedEntry(child, places)));
    places.set(folder.path, placeOf(folder.path, bytes));
    bytes += directoryInodeBytes(listing.length);
    listings.push({ folder, listing, at: listed });
    listed += listing.length;
  }
  const directories = Buffer.concat(listings.map(({ listing }) => listing));
  const packedDirectories = await pack(wholeBlocks(directories));
  const { bytes: directoryTable } = encodeMetadata(directories, packedDirectories);
  const listingStart = blockStarts(packedDirectories.map(({ data }) => data.length));
  const folderInodes = listings.map(({ folder: { path, mode, children }, listing, at }) =>
    encodeDirectoryInode({
      number: numbers.get(path) ?? 0,
      mode,
      block: listingStart(Math.floor(at / metadataBytes)),
      offset: at % metadataBytes,
      listingBytes: listing.length,
      subfolders: children.filter(([, , { type }]) => type === 'directory').length,
      // The root's is one that does not exist, as mksquashfs has it.
      parent: path === '' ? numbers.size + 1 : (numbers.get(parentOf(path)) ?? 0),
    }),
  );
  const inodes = Buffer.concat([leafTable, ...folderInodes]);
  const root = places.get('');
  return {
    inodes: numbers.size,
    inodeTable: encodeMetadata(inodes, packedLeaves).bytes,
    directoryTable,
    root: (BigInt(root?.block ?? 0) << 16n) | BigInt(root?.offset ?? 0),
  };
}

/** Where blocks begin of which the first ones have these sizes, and the others are whole and not compressed. */
function blockStarts(sizes: readonly number[]): (block: number) => number {
  const starts = [0];
  for (const size of sizes) starts.push((starts.at(-1) ?? 0) + 2 + size);
  return (block) => {
    const known = Math.min(block, sizes.length);
    return (starts[known] ?? 0) + (block - known) * (2 + metadataBytes);
  };
}

function listedEntry(
  [name, path, { type }]: Folder['children'][number],
  places: ReadonlyMap<string, InodePlace>,
): ListedEntry {
  const place = places.get(path);
  if (!place) throw new RangeError(`squashfs: no inode of ${path}`);
  return { name, type: inodeTypes[type], ...place };
}

/** All folders, each after those that are in it; the root, which no tree has an entry for, is the last one. */
function foldersOf(tree: FileTree): Folder[] {
  const byPath = new Map<string, Folder>([['', { path: '', mode: rootMode, children: [] }]]);
  for (const [path, entry] of tree) {
    if (entry.type === 'directory')
      byPath.set(path, { path, mode: layerMode(entry.mode), children: [] });
  }
  for (const [path, entry] of tree) {
    byPath.get(parentOf(path))?.children.push([basename(path), path, entry]);
  }
  const ordered: Folder[] = [];
  const visit = (folder: Folder): void => {
    for (const [, path] of folder.children) {
      const inner = byPath.get(path);
      if (inner) visit(inner);
    }
    ordered.push(folder);
  };
  const root = byPath.get('');
  if (root) visit(root);
  return ordered;
}

function parentOf(path: string): string {
  return path.includes('/') ? dirname(path) : '';
}
