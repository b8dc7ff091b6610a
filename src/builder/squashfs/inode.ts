/** What all inodes have. Owner root, time 0. */
interface InodeHead {
  readonly number: number;
  /** Permission bits. */
  readonly mode: number;
}

export interface FileInode extends InodeHead {
  readonly bytes: number;
  /** Place of its first block in the squashfs, 0 without blocks. */
  readonly start: number;
  /** Size words of its blocks (packed-block.ts). */
  readonly blocks: readonly number[];
  /** Where its end is, after the blocks: which fragment, and where in it. */
  readonly fragment?: { readonly index: number; readonly offset: number } | undefined;
}

interface DirectoryInode extends InodeHead {
  /** Place of the metadata block of its listing in the directory table, and of the listing in that block. */
  readonly block: number;
  readonly offset: number;
  readonly listingBytes: number;
  readonly subfolders: number;
  readonly parent: number;
}

export const inodeTypes = { directory: 1, file: 2, symlink: 3 } as const;
const longDirectoryType = 8;
const none = 0xffff_ffff;

/** The basic inodes of squashfs 4.0 (kernel, fs/squashfs/squashfs_fs.h, struct squashfs_reg_inode and others). */
export function encodeFileInode(file: FileInode): Uint8Array {
  const bytes = head(inodeTypes.file, file, 32 + 4 * file.blocks.length);
  bytes.writeUInt32LE(file.start, 16);
  bytes.writeUInt32LE(file.fragment?.index ?? none, 20);
  bytes.writeUInt32LE(file.fragment?.offset ?? 0, 24);
  bytes.writeUInt32LE(file.bytes, 28);
  for (const [index, block] of file.blocks.entries()) bytes.writeUInt32LE(block, 32 + 4 * index);
  return bytes;
}

export function encodeSymlinkInode({
  number,
  target,
}: {
  number: number;
  target: string;
}): Uint8Array {
  const text = Buffer.from(target);
  const bytes = head(inodeTypes.symlink, { number, mode: 0o777 }, 24);
  bytes.writeUInt32LE(1, 16);
  bytes.writeUInt32LE(text.length, 20);
  return Buffer.concat([bytes, text]);
}

/** In a listing's size `.` and `..`, which are not in it, count 3 bytes. */
const dotBytes = 3;

/** Bytes of a folder's inode: a basic one has 16 bits for the size of its listing. */
export function directoryInodeBytes(listingBytes: number): number {
  return listingBytes + dotBytes > 0xffff ? 40 : 32;
}

/** A long one has no index, which would only save reading a listing from its beginning. */
export function encodeDirectoryInode(folder: DirectoryInode): Uint8Array {
  const { block, offset, listingBytes, subfolders, parent } = folder;
  const length = directoryInodeBytes(listingBytes);
  const isLong = length === 40;
  const bytes = head(isLong ? longDirectoryType : inodeTypes.directory, folder, length);
  const links = 2 + subfolders;
  if (isLong) {
    bytes.writeUInt32LE(links, 16);
    bytes.writeUInt32LE(listingBytes + dotBytes, 20);
    bytes.writeUInt32LE(block, 24);
    bytes.writeUInt32LE(parent, 28);
    bytes.writeUInt16LE(0, 32);
    bytes.writeUInt16LE(offset, 34);
    bytes.writeUInt32LE(none, 36);
    return bytes;
  }
  bytes.writeUInt32LE(block, 16);
  bytes.writeUInt32LE(links, 20);
  bytes.writeUInt16LE(listingBytes + dotBytes, 24);
  bytes.writeUInt16LE(offset, 26);
  bytes.writeUInt32LE(parent, 28);
  return bytes;
}

function head(type: number, { number, mode }: InodeHead, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt16LE(type, 0);
  bytes.writeUInt16LE(mode, 2);
  // At 4 owner and group, by their places among the owners; at 8 the time.
  bytes.writeUInt32LE(number, 12);
  return bytes;
}

/** Place and size word of each file at the beginning of an inode table that has just files of one block before its folder. */
export function readOneBlockFiles(
  table: Uint8Array,
  count: number,
): { readonly bytes: number; readonly start: number; readonly word: number }[] {
  const bytes = Buffer.from(table.buffer, table.byteOffset, table.length);
  return Array.from({ length: count }, (_, index) => {
    const at = index * 36;
    const isFile = bytes.readUInt16LE(at) === inodeTypes.file;
    if (!isFile) throw new RangeError(`squashfs: expected a basic file as inode ${index}`);
    return {
      bytes: bytes.readUInt32LE(at + 28),
      start: bytes.readUInt32LE(at + 16),
      word: bytes.readUInt32LE(at + 32),
    };
  });
}
