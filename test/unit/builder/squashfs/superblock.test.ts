import { describe, expect, it } from 'vitest';
import {
  encodeSuperblock,
  readInodeTablePlace,
} from '../../../../src/builder/squashfs/superblock.ts';

const superblock = encodeSuperblock({
  inodes: 5,
  blockSize: 0x10_0000,
  fragments: 2,
  root: 0x2042n,
  bytesUsed: 0x1234,
  idTable: 0x1100,
  inodeTable: 0x900,
  directoryTable: 0xa00,
  fragmentTable: 0x1000,
});

/** By struct squashfs_super_block of the kernel, field by field. */
const expected = [
  '68737173', // magic
  '05000000', // inodes
  '00000000', // time
  '00001000', // block size
  '02000000', // fragments
  '0600', // zstd
  '1400', // 2 to the power of 20
  '6006', // always fragments, equal files once, no attributes, options
  '0100', // owners
  '04000000', // version 4.0
  '4220000000000000', // root
  '3412000000000000', // bytes used
  '0011000000000000', // owners
  'ffffffffffffffff', // attributes
  '0009000000000000', // inodes
  '000a000000000000', // directories
  '0010000000000000', // fragments
  'ffffffffffffffff', // exports
];

describe('the superblock of a squashfs', () => {
  it('has the fields of version 4.0', () => {
    expect(Buffer.from(superblock).toString('hex')).toBe(expected.join(''));
  });

  it('says where the inodes are', () => {
    expect(readInodeTablePlace(superblock)).toEqual({ start: 0x900, end: 0xa00 });
  });

  it('is refused where magic or version are others', () => {
    const other = Buffer.from(superblock);
    other.write('x', 0);
    expect(() => readInodeTablePlace(other)).toThrow('found version 4 with 78737173');
    expect(() => readInodeTablePlace(superblock.subarray(0, 95))).toThrow('found version 0');
  });
});
