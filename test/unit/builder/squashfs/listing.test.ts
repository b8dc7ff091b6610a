import { describe, expect, it } from 'vitest';
import { encodeListing, type ListedEntry } from '../../../../src/builder/squashfs/listing.ts';

const entry = (name: string, inode: number, more: Partial<ListedEntry> = {}): ListedEntry => {
  return { name, type: 2, inode, block: 0, offset: 0, ...more };
};
/** How many entries each head is followed by. */
function runs(bytes: Uint8Array): number[] {
  const view = Buffer.from(bytes);
  const found: number[] = [];
  for (let at = 0; at < view.length; ) {
    const count = view.readUInt32LE(at) + 1;
    found.push(count);
    at += 12;
    for (let one = 0; one < count; one++) at += 8 + view.readUInt16LE(at + 6) + 1;
  }
  return found;
}

describe('the listing of a folder in a squashfs', () => {
  it('has a head and entries in byte order, with numbers from that of the first', () => {
    const listing = encodeListing([
      entry('b', 4, { offset: 0x40 }),
      entry('a', 6, { type: 1, block: 0, offset: 0x100 }),
    ]);
    const head = '010000000000000006000000';
    const a = '00010000010000' + '0061';
    const b = '4000feff020000' + '0062';
    expect(Buffer.from(listing).toString('hex')).toBe(`${head}${a}${b}`);
  });

  it('begins a run where the block is another, the number far away, or 256 entries are one', () => {
    expect(runs(encodeListing([entry('a', 1), entry('b', 2, { block: 8194 })]))).toEqual([1, 1]);
    expect(runs(encodeListing([entry('a', 1), entry('b', 32_768)]))).toEqual([2]);
    expect(runs(encodeListing([entry('a', 1), entry('b', 32_769)]))).toEqual([1, 1]);
    const many = Array.from({ length: 257 }, (_, index) => entry(`f${1000 + index}`, index + 1));
    expect(runs(encodeListing(many))).toEqual([256, 1]);
  });

  it('of nothing is empty', () => {
    expect(encodeListing([])).toHaveLength(0);
  });
});
