import { describe, expect, it } from 'vitest';
import {
  directoryInodeBytes,
  encodeDirectoryInode,
  encodeFileInode,
  encodeSymlinkInode,
  readOneBlockFiles,
} from '../../../../src/builder/squashfs/inode.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
/** Type, mode, owner, group, time and number. */
const head = (type: string, mode: string, number: string) =>
  `${type}${mode}0000000000000000${number}`;

describe('an inode of a squashfs', () => {
  it('of a file has the place and the sizes of its blocks, its fragment and its size', () => {
    const file = {
      ...{ number: 7, mode: 0o755, bytes: 0x20_0005, start: 102, blocks: [0x1234, 0x110_0000] },
      fragment: { index: 3, offset: 0x50 },
    };
    expect(hex(encodeFileInode(file))).toBe(
      `${head('0200', 'ed01', '07000000')}660000000300000050000000050020003412000000001001`,
    );
  });

  it('of a file without fragment names none', () => {
    const empty = { number: 1, mode: 0o644, bytes: 0, start: 0, blocks: [] };
    expect(hex(encodeFileInode(empty))).toBe(
      `${head('0200', 'a401', '01000000')}00000000ffffffff0000000000000000`,
    );
  });

  it('of a link has the bytes of its target', () => {
    expect(hex(encodeSymlinkInode({ number: 2, target: 'ö' }))).toBe(
      `${head('0300', 'ff01', '02000000')}0100000002000000c3b6`,
    );
  });

  it('of a folder has the place of its listing, whose size counts 3 bytes more', () => {
    const place = { block: 0x2002, offset: 0x11, subfolders: 1, parent: 9 };
    const folder = { number: 8, mode: 0o755, ...place, listingBytes: 0x20 };
    expect(hex(encodeDirectoryInode(folder))).toBe(
      `${head('0100', 'ed01', '08000000')}02200000030000002300110009000000`,
    );
    // A long one, without index and attributes: 16 bits do not hold 65533 and 3.
    const long = { ...folder, listingBytes: 65_533 };
    expect(hex(encodeDirectoryInode(long))).toBe(
      `${head('0800', 'ed01', '08000000')}030000000000010002200000090000000000${'1100'}ffffffff`,
    );
    expect([65_532, 65_533].map(directoryInodeBytes)).toEqual([32, 40]);
  });

  it('of files of one block is read from the beginning of a table', () => {
    const files = [1, 2].map((number) =>
      encodeFileInode({ number, mode: 0o644, bytes: number, start: 96 + number, blocks: [number] }),
    );
    const folder = { number: 3, mode: 0o755, block: 0, offset: 0, subfolders: 0, parent: 4 };
    const table = Buffer.concat([...files, encodeDirectoryInode({ ...folder, listingBytes: 30 })]);
    expect(readOneBlockFiles(table, 2)).toEqual([
      { bytes: 1, start: 97, word: 1 },
      { bytes: 2, start: 98, word: 2 },
    ]);
    expect(() => readOneBlockFiles(table, 3)).toThrow('as inode 2');
  });
});
