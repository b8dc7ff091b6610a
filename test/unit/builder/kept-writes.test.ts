import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keepingWrites } from '../../../src/builder/kept-writes.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';

const MiB = 2 ** 20;

it('reads what the device itself would, whatever was written over what', () => {
  const sizes = [1, 512, MiB - 1, MiB, 2 * MiB];
  const write = fc.record({
    offset: fc.integer({ min: 0, max: 3 * MiB }),
    size: fc.constantFrom(...sizes),
    value: fc.integer({ min: 1, max: 255 }),
  });
  const read = fc.record({
    offset: fc.integer({ min: 0, max: 4 * MiB }),
    length: fc.integer({ min: 0, max: MiB }),
  });
  fc.assert(
    fc.property(fc.array(write, { maxLength: 6 }), fc.array(read), (writes, reads) => {
      const plain = memoryDevice(new Uint8Array(5 * MiB));
      const keeping = keepingWrites(memoryDevice(new Uint8Array(5 * MiB)));
      for (const { offset, size, value } of writes) {
        const bytes = new Uint8Array(size).fill(value);
        plain.write(offset, bytes);
        keeping.write(offset, bytes);
      }
      for (const { offset, length } of reads) {
        const [found, right] = [keeping.read(offset, length), plain.read(offset, length)];
        expect(Buffer.compare(found, right)).toBe(0);
      }
    }),
    { numRuns: 60 },
  );
});

it('asks the device for nothing that lies in one large write', () => {
  const device = memoryDevice(new Uint8Array(4 * MiB));
  const asked: number[] = [];
  const keeping = keepingWrites({
    ...device,
    read: (offset, length) => {
      asked.push(offset);
      return device.read(offset, length);
    },
  });
  keeping.write(512, new Uint8Array(MiB).fill(7));
  expect(keeping.read(600, 1000)[0]).toBe(7);
  expect(asked).toEqual([]);
  keeping.read(0, 1024);
  expect(asked).toEqual([0]);
});

it('says where the first large write of a range begins, and flushes nothing', () => {
  const device = memoryDevice(new Uint8Array(8 * MiB));
  const keeping = keepingWrites({
    ...device,
    flush: () => {
      throw new Error('flushed');
    },
  });
  keeping.write(0, new Uint8Array(512));
  keeping.write(5 * MiB, new Uint8Array(MiB));
  keeping.write(3 * MiB, new Uint8Array(MiB));
  keeping.flush();
  expect(keeping.firstKept(0, 8 * MiB)).toBe(3 * MiB);
  expect(keeping.firstKept(3 * MiB + 1, 8 * MiB)).toBe(5 * MiB);
  expect(keeping.firstKept(0, 3 * MiB)).toBeUndefined();
});
