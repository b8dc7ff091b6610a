import { TwinbankError } from '../../diagnostics/error.ts';

/** What a squashfs says of itself; places are bytes from its beginning. */
export interface Superblock {
  readonly inodes: number;
  readonly blockSize: number;
  readonly fragments: number;
  /** Place of its metadata block in the inode table in the upper 48 bits, and in that block in the lower 16. */
  readonly root: bigint;
  readonly bytesUsed: number;
  readonly idTable: number;
  readonly inodeTable: number;
  readonly directoryTable: number;
  /** Undefined where there are no fragments. */
  readonly fragmentTable: number | undefined;
}

export const superblockBytes = 96;

const magic = 0x73717368;
const zstd = 6;
/** Fragments for the ends of all files, equal files once, no extended attributes, options of the compressor. */
const flags = 0x0020 | 0x0040 | 0x0200 | 0x0400;
const none = 0xffff_ffff_ffff_ffffn;

/** The first 96 bytes of a squashfs 4.0 of zstd (kernel, fs/squashfs/squashfs_fs.h, struct squashfs_super_block). */
export function encodeSuperblock(superblock: Superblock): Uint8Array {
  const bytes = Buffer.alloc(superblockBytes);
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt32LE(superblock.inodes, 4);
  // At 8 the time, which is 0.
  bytes.writeUInt32LE(superblock.blockSize, 12);
  bytes.writeUInt32LE(superblock.fragments, 16);
  bytes.writeUInt16LE(zstd, 20);
  bytes.writeUInt16LE(Math.log2(superblock.blockSize), 22);
  bytes.writeUInt16LE(flags, 24);
  // One owner, root.
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(4, 28);
  bytes.writeUInt16LE(0, 30);
  bytes.writeBigUInt64LE(superblock.root, 32);
  const { bytesUsed, idTable, inodeTable, directoryTable, fragmentTable } = superblock;
  bytes.writeBigUInt64LE(BigInt(bytesUsed), 40);
  bytes.writeBigUInt64LE(BigInt(idTable), 48);
  bytes.writeBigUInt64LE(none, 56);
  bytes.writeBigUInt64LE(BigInt(inodeTable), 64);
  bytes.writeBigUInt64LE(BigInt(directoryTable), 72);
  bytes.writeBigUInt64LE(fragmentTable === undefined ? none : BigInt(fragmentTable), 80);
  bytes.writeBigUInt64LE(none, 88);
  return bytes;
}

/** Where the inodes of a squashfs are. Throws `squashfs.magic` (kind `internal`) for what is none of version 4.0. */
export function readInodeTablePlace(image: Uint8Array): { start: number; end: number } {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.length);
  const version = bytes.length < superblockBytes ? 0 : bytes.readUInt16LE(28);
  if (version !== 4 || bytes.readUInt32LE(0) !== magic) {
    const found = bytes.subarray(0, 4).toString('hex');
    const message = `squashfs: expected version 4 with magic 68737173, found version ${version} with ${found}`;
    throw new TwinbankError('internal', 'squashfs.magic', message);
  }
  const start = Number(bytes.readBigUInt64LE(64));
  return { start, end: Number(bytes.readBigUInt64LE(72)) };
}
