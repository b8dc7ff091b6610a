import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type BlockDevice, memoryDevice } from '../../../src/disk/block-device.ts';
import type { Extent } from '../../../src/disk/extents.ts';
import { equalBytesDigest, extentsDigest } from '../../../src/disk/extents-digest.ts';
import { payload } from './fat/trees.ts';

const MiB = 2 ** 20;

/** Counts the bytes that are read of it. */
function counted(bytes: Uint8Array) {
  const device = memoryDevice(bytes);
  const count = { bytes: 0 };
  const read: BlockDevice['read'] = (offset, length, scratch) => {
    count.bytes += length;
    return device.read(offset, length, scratch);
  };
  return { count, device: { ...device, read } };
}

it('gives the hash of any extents, whatever was hashed before', () => {
  // Few different bytes, so that many of them are equal.
  const bytes = Uint8Array.from({ length: 600 }, (_, index) => (index % 100 === 0 ? 1 : 0));
  const extent = fc.record({ offset: fc.nat(500), length: fc.nat(100) });
  const lists = fc.array(fc.array(extent, { maxLength: 3 }), { maxLength: 12 });
  fc.assert(
    fc.property(lists, (asked) => {
      const device = memoryDevice(bytes);
      const digest = equalBytesDigest();
      for (const extents of asked) {
        const hash = createHash('sha256');
        let length = 0;
        let told = 0;
        for (const one of extents) {
          hash.update(bytes.subarray(one.offset, one.offset + one.length));
          length += one.length;
        }
        const found = digest(device, extents, (count) => {
          told += count;
        });
        expect(found).toBe(hash.digest('hex'));
        expect(told).toBe(length);
      }
    }),
  );
});

it('compares what lies in other extents and on another device, and hashes it where a byte is another', () => {
  const bytes = payload(3 * MiB, 1);
  const copy = payload(3 * MiB, 1);
  const [one, two] = [counted(bytes), counted(copy)];
  const whole: Extent[] = [{ offset: 0, length: 3 * MiB }];
  const parts = [
    { offset: 0, length: MiB + 512 },
    { offset: MiB + 512, length: 0 },
    { offset: MiB + 512, length: 2 * MiB - 512 },
  ];
  const digest = equalBytesDigest();
  const expected = digest(one.device, whole);
  expect(expected).toBe(extentsDigest(memoryDevice(bytes), whole));
  expect(digest(two.device, parts)).toBe(expected);
  // Each once to hash it, and once to compare it.
  expect([one.count.bytes, two.count.bytes]).toEqual([6 * MiB, 3 * MiB]);
  copy[3 * MiB - 1]! ^= 1;
  expect(digest(two.device, parts)).toBe(extentsDigest(memoryDevice(copy), whole));
  expect(digest(two.device, parts)).not.toBe(expected);
});

it('asks a device that keeps its hashes', () => {
  const device = { ...memoryDevice(new Uint8Array(10)), digest: () => 'known' };
  const digest = equalBytesDigest();
  expect(digest(device, [{ offset: 0, length: 10 }])).toBe('known');
});
