import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryDevice, sliceDevice } from '../../../src/disk/block-device.ts';
import { extentsDigest } from '../../../src/disk/extents-digest.ts';
import { memoDevice } from '../../../src/disk/memo-device.ts';
import { overlayDevice } from '../../../src/disk/overlay-device.ts';
import { payload } from './fat/trees.ts';

// Three chunks of an overlay, and a part of one.
const size = 3 * 8192 + 512 + 100;
const range = fc
  .tuple(fc.nat(size - 1), fc.integer({ min: 1, max: 10_000 }))
  .map(([offset, length]) => ({ offset, length: Math.min(length, size - offset) }));

describe('an overlay', () => {
  it('reads as if everything had been written to the base, which stays as it was', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(range, fc.nat(255)), { maxLength: 12 }),
        range,
        (writes, look) => {
          const base = payload(size, 1);
          const before = Buffer.from(base);
          const plain = memoryDevice(Buffer.from(base));
          const overlay = overlayDevice(memoryDevice(base));
          for (const [{ offset, length }, byte] of writes) {
            for (const device of [plain, overlay]) device.write(offset, Buffer.alloc(length, byte));
          }
          const { offset, length } = look;
          // Not `toEqual`, which takes 0.1 s for as much.
          const differ = (from: number, count: number) =>
            Buffer.compare(overlay.read(from, count), plain.read(from, count));
          expect(differ(offset, length)).toBe(0);
          expect(differ(0, size)).toBe(0);
          expect(Buffer.compare(base, before)).toBe(0);
        },
      ),
    );
  });

  it('lays what was written over what the base reads meanwhile, too', async () => {
    const base = memoryDevice(payload(size, 1));
    const overlay = overlayDevice(base);
    overlay.write(8190, Buffer.alloc(20, 7));
    const expected = overlay.read(8000, 400);
    const scratch = new Uint8Array(1000);
    expect(await overlay.readAsync?.(8000, 400, scratch)).toEqual(expected);
    const later = overlayDevice({
      ...base,
      readAsync: async (offset, length, bytes) => {
        bytes.set(base.read(offset, length));
        return bytes.subarray(0, length);
      },
    });
    later.write(8190, Buffer.alloc(20, 7));
    expect(await later.readAsync?.(8000, 400, scratch)).toEqual(expected);
    await expect(later.readAsync?.(size - 1, 2, scratch)).rejects.toThrow(`within ${size} bytes`);
  });

  it('refuses what is not in the base', () => {
    const overlay = overlayDevice(memoryDevice(new Uint8Array(1024)));
    expect(() => overlay.read(1000, 100)).toThrow('within 1024 bytes');
    expect(() => overlay.write(1024, Uint8Array.of(1))).toThrow('within 1024 bytes');
    expect(overlay.writtenBytes()).toBe(0);
    overlay.write(511, Uint8Array.of(1, 2));
    overlay.write(600, Uint8Array.of(3));
    expect(overlay.writtenBytes()).toBe(1024);
  });
});

describe('a device that remembers', () => {
  it('never gives a result that the bytes no longer have, and keeps the others', () => {
    fc.assert(
      fc.property(
        fc.array(range, { minLength: 1, maxLength: 5 }),
        fc.array(fc.tuple(range, fc.nat(255)), { maxLength: 20 }),
        (looks, writes) => {
          const device = memoDevice(memoryDevice(Buffer.from(payload(size, 2))));
          let computed = 0;
          const sum = (key: number) =>
            device.remember(`sum ${key}`, (reader) => {
              computed++;
              const { offset, length } = looks[key]!;
              return reader.read(offset, length).reduce((total, byte) => total + byte, 0);
            });
          for (const key of looks.keys()) sum(key);
          for (const [{ offset, length }, byte] of writes) {
            const start = offset;
            device.write(offset, Buffer.alloc(length, byte));
            const touched = looks.filter(
              (look) => look.offset < start + length && start < look.offset + look.length,
            ).length;
            computed = 0;
            for (const [key, look] of looks.entries()) {
              const now = device.read(look.offset, look.length).reduce((a, b) => a + b, 0);
              expect(sum(key)).toBe(now);
            }
            expect(computed).toBe(touched);
          }
        },
      ),
    );
  });

  it('knows the hash of extents until one of them is written to, as do its parts and what was worked out', () => {
    const bytes = Buffer.from(payload(size, 3));
    let reads = 0;
    const store = memoryDevice(bytes);
    const device = memoDevice({
      ...store,
      read: (offset, length) => {
        reads += length;
        return store.read(offset, length);
      },
    });
    const part = sliceDevice(device, 512, 8192);
    const extents = [
      { offset: 1024, length: 600 },
      { offset: 0, length: 512 },
    ];
    const expected = () => {
      const found = extents.map(({ offset, length }) =>
        bytes.subarray(512 + offset, 512 + offset + length),
      );
      return createHash('sha256').update(Buffer.concat(found)).digest('hex');
    };
    const outer = () =>
      device.remember('outer', (reader) => extentsDigest(sliceDevice(reader, 512, 8192), extents));
    const before = expected();
    expect([extentsDigest(part, extents), outer()]).toEqual([before, before]);
    expect(reads).toBe(1112);
    // Between them, and beside them.
    device.write(512 + 512, Uint8Array.of(1));
    expect([extentsDigest(part, extents), outer(), reads]).toEqual([before, before, 1112]);
    device.write(512 + 1024 + 599, Uint8Array.of((bytes[512 + 1024 + 599] ?? 0) ^ 1));
    expect(expected()).not.toBe(before);
    expect([extentsDigest(part, extents), outer()]).toEqual([expected(), expected()]);
    expect(() => extentsDigest(part, [{ offset: 8000, length: 600 }])).toThrow('within 8192 bytes');
  });

  it('does not remember what was thrown, and lets nobody write while it computes', () => {
    const device = memoDevice(memoryDevice(new Uint8Array(512)));
    let attempts = 0;
    const fail = () =>
      device.remember('x', () => {
        attempts++;
        throw new Error('no');
      });
    expect(fail).toThrow('no');
    expect(fail).toThrow('no');
    expect(attempts).toBe(2);
    expect(() => device.remember('y', (reader) => reader.write(0, Uint8Array.of(1)))).toThrow(
      'only reads',
    );
  });
});
