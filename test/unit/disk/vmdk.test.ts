import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import type { VmdkType } from '../../../src/disk/vmdk/descriptor.ts';
import { openVmdk } from '../../../src/disk/vmdk/reader.ts';
import { writeVmdk } from '../../../src/disk/vmdk/writer.ts';
import { errorOf } from '../../support/error-of.ts';
import { payload } from './fat/trees.ts';

const grain = 65536;
const types = ['streamOptimized', 'monolithicSparse'] as const;

function pack(bytes: Uint8Array, type: VmdkType): Buffer {
  const file = Buffer.alloc(bytes.length * 2 + 4 * 2 ** 20);
  const source = memoryDevice(bytes);
  const length = writeVmdk(source, [{ offset: 0, length: bytes.length }], memoryDevice(file), {
    type,
    fileName: 'disk.vmdk',
    deflate: deflateSync,
  });
  return Buffer.from(file.subarray(0, length));
}

/** 33 MiB and a sector: two grain tables, with data in grains 1, 2, 520 and in the last, short one. */
function sample(): Buffer {
  const bytes = Buffer.alloc(528 * grain + 512);
  bytes.set(payload(2 * grain, 1), grain);
  bytes.set(payload(100, 3), 520 * grain + 300);
  bytes.set(payload(512, 2), 528 * grain);
  return bytes;
}

/** The sample as a stream, packed once: whoever changes it takes a copy. */
const stream = pack(sample(), 'streamOptimized');

describe('a VMDK stream', () => {
  const file = stream;
  const u32 = (offset: number) => file.readUInt32LE(offset);
  const u64 = (offset: number) => Number(file.readBigUInt64LE(offset));

  test('has the header of the specification, with the directory at the end', () => {
    expect(file.toString('latin1', 0, 4)).toBe('KDMV');
    expect([u32(4), u32(8)]).toEqual([3, 0x30001]);
    expect([u64(12), u64(20), u64(28), u64(36), u32(44)]).toEqual([528 * 128 + 1, 128, 1, 20, 512]);
    expect(file.readBigUInt64LE(56)).toBe(0xffffffffffffffffn);
    expect(file.toString('hex', 73, 79)).toBe('0a200d0a0100');
  });

  test('ends with the footer, which has the place of the directory, and the end of the stream', () => {
    const [marker, footer, end] = [3, 2, 1].map((n) => file.length - n * 512) as [
      number,
      number,
      number,
    ];
    expect([u64(marker), u32(marker + 8), u32(marker + 12)]).toEqual([1, 0, 3]);
    expect(file.subarray(end).equals(Buffer.alloc(512))).toBe(true);
    const directory = u64(footer + 56) * 512;
    expect(u32(directory - 512 + 12)).toBe(2);
    const table = u32(directory) * 512;
    expect([u64(table - 512), u32(table - 512 + 12)]).toEqual([4, 1]);
    // Grain 0 is not there, grain 1 is the first thing behind the overhead.
    expect([u32(table), u32(table + 4)]).toEqual([0, 128]);
    expect([u64(128 * 512), u32(128 * 512 + 12 - 4)]).toEqual([
      128,
      deflateSync(payload(grain, 1)).length,
    ]);
  });

  test('says what it is, with a content id that follows from the content', () => {
    const text = (bytes: Buffer) => bytes.toString('latin1', 512, 21 * 512).split('\0')[0]!;
    expect(text(file)).toContain('createType="streamOptimized"\n');
    expect(text(file)).toContain('\nRW 67585 SPARSE "disk.vmdk"\n');
    const id = (bytes: Buffer) => /^CID=([0-9a-f]{8})$/m.exec(text(bytes))![1];
    const other = sample();
    other[grain] = other[grain]! ^ 1;
    expect(id(pack(other, 'streamOptimized'))).not.toBe(id(file));
    expect(pack(sample(), 'streamOptimized').equals(file)).toBe(true);
  });
});

describe.each(types)('a VMDK file of type %s', (type) => {
  test('is read back as the disk it was made of, with the extents that hold data', () => {
    const bytes = sample();
    const disk = openVmdk(memoryDevice(pack(bytes, type)));
    expect([disk.size, disk.type]).toEqual([bytes.length, type]);
    expect(bytes.equals(disk.read(0, disk.size))).toBe(true);
    expect(disk.dataExtents()).toEqual([
      { offset: grain, length: 2 * grain },
      { offset: 520 * grain, length: grain },
      { offset: 528 * grain, length: 512 },
    ]);
    expect(errorOf(() => disk.write(0, new Uint8Array(1)))).toMatchObject({
      code: 'vmdk.read-only',
    });
  });

  test('of any disk gives any part of it', () => {
    const patch = fc.tuple(fc.nat(20 * grain), fc.nat(grain * 2), fc.nat());
    const patches = fc.array(patch, { maxLength: 6 });
    fc.assert(
      fc.property(patches, fc.nat(20 * grain), fc.nat(3 * grain), (list, offset, length) => {
        const bytes = Buffer.alloc(20 * grain);
        for (const [at, count, seed] of list) {
          bytes.set(payload(Math.min(count, bytes.length - at), seed), at);
        }
        const disk = openVmdk(memoryDevice(pack(bytes, type)));
        const count = Math.min(length, bytes.length - offset);
        const expected = bytes.subarray(offset, offset + count);
        expect(expected.equals(disk.read(offset, count))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

test.each([
  ['vmdk.magic', 0, 'KDMX'],
  ['vmdk.version', 4, '\x04'],
  ['vmdk.feature', 10, '\xff'],
  ['vmdk.feature', 77, '\x02'],
  ['vmdk.header', 73, '\r\n'],
  ['vmdk.header', 20, '\x03'],
  ['vmdk.header', 19, '\xff'],
  ['vmdk.header', 44, '\x01'],
  ['vmdk.table', 28, '\0'],
  ['vmdk.descriptor', 512 + 70, 'createType="twoGbMaxExtentSparse"'],
  ['vmdk.parent', 512 + 43, 'abcdef01'],
  ['vmdk.footer', -1536 + 12, '\x02'],
  ['vmdk.header', -1024 + 56, '\xff\xff\xff'],
])('%s is what a file is refused with that has byte %i changed', (code, offset, bytes) => {
  const file = Buffer.from(stream);
  file.write(bytes, offset < 0 ? file.length + offset : offset, 'latin1');
  expect(errorOf(() => openVmdk(memoryDevice(file)))).toMatchObject({ kind: 'corrupt', code });
});

test.each([
  ['its marker', 128 * 512, '\x01'],
  ['its length', 128 * 512 + 8, '\xff\xff\xff'],
  ['its bytes', 128 * 512 + 2000, 'x'.repeat(64)],
])('a grain with %s damaged is not read, and others are', (_, offset, bytes) => {
  const file = Buffer.from(stream);
  file.write(bytes, offset, 'latin1');
  const disk = openVmdk(memoryDevice(file));
  expect(errorOf(() => disk.read(grain, 10)).code).toBe('vmdk.grain');
  expect(
    Buffer.from(disk.read(2 * grain, 10)).equals(payload(2 * grain, 1).subarray(grain, grain + 10)),
  ).toBe(true);
});
