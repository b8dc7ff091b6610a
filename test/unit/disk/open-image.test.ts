import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import { readGpt } from '../../../src/disk/gpt.ts';
import { readProtectiveMbr } from '../../../src/disk/mbr.ts';
import { openImage } from '../../../src/disk/open-image.ts';
import { planQcow2, writeQcow2 } from '../../../src/disk/qcow2/writer.ts';
import { payload } from './fat/trees.ts';

let path = '';
beforeAll(() => {
  path = join(mkdtempSync(join(tmpdir(), 'twinbank-image-')), 'image');
});
afterAll(() => rmSync(join(path, '..'), { recursive: true }));

describe('an image', () => {
  test('that is raw is opened as it is', () => {
    writeFileSync(path, payload(2048, 1));
    const { format, device, close } = openImage(path);
    expect([format, device.size]).toEqual(['raw', 2048]);
    expect(device.read(512, 512)).toEqual(payload(2048, 1).subarray(512, 1024));
    close();
  });

  test('that is a text file of any length is called so, a recipe with what reads it', () => {
    for (const [name, text] of [
      ['x.yaml', 'name: lab\n'],
      ['y.yaml', '# ä\n'.repeat(900)],
    ] as const) {
      const file = join(path, '..', name);
      writeFileSync(file, text);
      expect(() => openImage(file)).toThrow(
        `${file}: expected a raw, qcow2 or VMDK disk image, found a text file; recipe show, test --dry-run and oem check read recipes, scenarios and providers`,
      );
    }
  });

  test('that is qcow2 is opened as the disk in it', () => {
    const source = memoryDevice(payload(100_352, 2));
    const plan = planQcow2(source, [{ offset: 0, length: source.size }]);
    const file = new Uint8Array(plan.fileSize);
    writeQcow2(source, plan, memoryDevice(file));
    writeFileSync(path, file);
    const { format, device, close } = openImage(path);
    expect([format, device.size]).toEqual(['qcow2', 100_352]);
    expect(device.read(1000, 1000)).toEqual(source.read(1000, 1000));
    close();
  });

  test.each([
    ['a VMDK disk', Buffer.from('COWD')],
    ['a gzip file', gzipSync(payload(3000, 1))],
    ['an xz file', Buffer.from('fd377a585a00', 'hex')],
    ['a zstd file', Buffer.from('28b52ffd', 'hex')],
    ['a VHDX disk', Buffer.from('vhdxfile')],
    ['a zip file', Buffer.from('PK\x03\x04')],
  ])('that is %s is refused with what to do', (what, start) => {
    const bytes = Buffer.alloc(4096);
    start.copy(bytes);
    writeFileSync(path, bytes);
    expect(() => openImage(path)).toThrow(
      expect.objectContaining({
        kind: 'corrupt',
        code: 'image.foreign',
        message: expect.stringContaining(
          `expected a raw, qcow2 or VMDK disk image, found ${what}; `,
        ),
      }),
    );
  });

  test('that is empty, or a broken qcow2, is refused with its name', () => {
    writeFileSync(path, '');
    expect(() => openImage(path)).toThrow(`${path}: expected a disk image of 512 bytes or more`);
    writeFileSync(path, Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), Buffer.alloc(1000)]));
    expect(() => openImage(path)).toThrow(
      `${path}: qcow2 header: expected version 2 or 3, found 0`,
    );
  });
});

test('random bytes are no disk, and every reader says so without a crash', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 512, max: 60_000 }), (seed, length) => {
      const bytes = payload(length, seed);
      if (seed % 2) bytes.set([0x55, 0xaa], 510);
      for (const read of [readGpt, readProtectiveMbr, openFat]) {
        try {
          read(memoryDevice(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(TwinbankError);
        }
      }
    }),
    { numRuns: 100 },
  );
});
