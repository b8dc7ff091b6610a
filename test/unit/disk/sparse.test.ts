import { describe, expect, test } from 'vitest';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { isZero, nonZeroExtents } from '../../../src/disk/sparse.ts';

describe('blocks of zeros', () => {
  test('are told from those with a single other byte', () => {
    const bytes = new Uint8Array(200_000);
    expect(isZero(bytes)).toBe(true);
    bytes[199_999] = 1;
    expect(isZero(bytes)).toBe(false);
  });

  test('are left out of what has to be copied', () => {
    const bytes = new Uint8Array(10 * 4096 + 100);
    bytes[4096] = 1;
    bytes[3 * 4096 - 1] = 1;
    bytes[10 * 4096 + 99] = 1;
    expect(nonZeroExtents(memoryDevice(bytes))).toEqual([
      { offset: 4096, length: 8192 },
      { offset: 40960, length: 100 },
    ]);
    const within = nonZeroExtents(memoryDevice(bytes), { extents: [{ offset: 0, length: 5000 }] });
    expect(within).toEqual([{ offset: 4096, length: 4096 }]);
  });
});
