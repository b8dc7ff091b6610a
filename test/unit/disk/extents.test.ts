import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import {
  alignExtents,
  extentBytes,
  normalizeExtents,
  recordingDevice,
} from '../../../src/disk/extents.ts';
import { copyExtents } from '../../../src/disk/sparse.ts';

describe('extents', () => {
  test('are sorted and joined where they touch or overlap', () => {
    const given = [
      { offset: 30, length: 5 },
      { offset: 0, length: 10 },
      { offset: 10, length: 5 },
      { offset: 12, length: 1 },
      { offset: 20, length: 0 },
    ];
    expect(normalizeExtents(given)).toEqual([
      { offset: 0, length: 15 },
      { offset: 30, length: 5 },
    ]);
    expect(extentBytes(normalizeExtents(given))).toBe(20);
  });

  test('are widened to whole blocks, but not beyond the end', () => {
    expect(
      alignExtents(
        [
          { offset: 5, length: 4 },
          { offset: 17, length: 2 },
        ],
        8,
        20,
      ),
    ).toEqual([{ offset: 0, length: 20 }]);
  });

  test('of what was written hold every byte that is not zero any more', () => {
    const writes = fc.array(fc.tuple(fc.nat(900), fc.integer({ min: 1, max: 100 })));
    fc.assert(
      fc.property(writes, (list) => {
        const bytes = new Uint8Array(1000);
        const device = recordingDevice(memoryDevice(bytes));
        for (const [offset, length] of list) device.write(offset, new Uint8Array(length).fill(1));
        const extents = device.written();
        expect(extents).toEqual(normalizeExtents(extents));
        expect(extentBytes(extents)).toBe(bytes.filter((byte) => byte === 1).length);
        const copy = new Uint8Array(1000);
        copyExtents(device, memoryDevice(copy), extents);
        expect(copy).toEqual(bytes);
      }),
    );
  });
});
