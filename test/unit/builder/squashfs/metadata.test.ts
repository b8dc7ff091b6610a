import { describe, expect, it } from 'vitest';
import {
  decodePlainMetadata,
  encodeMetadata,
  wholeBlocks,
} from '../../../../src/builder/squashfs/metadata.ts';

const table = Buffer.from(Array.from({ length: 8192 + 3 }, (_, index) => index % 251));

describe('a table of a squashfs', () => {
  it('stands in blocks of 8192 bytes, each after its size, of which bit 15 says that it is not compressed', () => {
    const { bytes, starts } = encodeMetadata(table);
    expect(starts).toEqual([0, 8194]);
    expect(Buffer.from(bytes.subarray(0, 2)).toString('hex')).toBe('00a0');
    expect(bytes.subarray(2, 8194)).toEqual(table.subarray(0, 8192));
    expect(Buffer.from(bytes.subarray(8194)).toString('hex')).toBe(
      `0380${table.subarray(8192).toString('hex')}`,
    );
  });

  it('has the first of its blocks as they are given', () => {
    const { bytes, starts } = encodeMetadata(table, [
      { data: Buffer.from('abc'), compressed: true },
    ]);
    expect(starts).toEqual([0, 5]);
    expect(Buffer.from(bytes.subarray(0, 5)).toString('latin1')).toBe('\x03\x00abc');
    expect(bytes).toHaveLength(5 + 2 + 3);
  });

  it('reads as what it was, unless a block is compressed', () => {
    expect(decodePlainMetadata(encodeMetadata(table).bytes)).toEqual(table);
    expect(decodePlainMetadata(encodeMetadata(new Uint8Array()).bytes)).toHaveLength(0);
    const packed = encodeMetadata(table, [{ data: Buffer.from('abc'), compressed: true }]);
    expect(() => decodePlainMetadata(packed.bytes)).toThrow('found a block that is, at 0');
  });

  it('has as many whole blocks as fit', () => {
    expect(wholeBlocks(table)).toEqual([table.subarray(0, 8192)]);
    expect(wholeBlocks(table.subarray(0, 8191))).toEqual([]);
  });
});
