import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { alignedBytes, openDirect } from '../../../src/disk/direct-device.ts';
import { withoutExtent } from '../../../src/disk/extents.ts';
import { usedExtents } from '../../../src/disk/fat/used-extents.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import { openFileDevice } from '../../../src/disk/file-device.ts';
import { errorOf } from '../../support/error-of.ts';
import { newVolume, payload } from './fat/trees.ts';

const folder = mkdtempSync(join(tmpdir(), 'twinbank-direct-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a device that is read past the cache', () => {
  const bytes = payload(3 * 2 ** 20 + 4096, 1);
  const path = join(folder, 'x');
  writeFileSync(path, bytes);
  const file = openFileDevice(path, { writable: true });
  const direct = openDirect(file, { writable: true });
  afterAll(() => {
    direct?.close();
    file.close();
  });

  // Some file systems have no such way, tmpfs before Linux 6.6 among them.
  it.skipIf(!direct)('gives the same bytes, into aligned memory and into any other', () => {
    const whole = direct!.read(0, bytes.length);
    expect(Buffer.compare(whole, bytes)).toBe(0);
    const scratch = alignedBytes(2 ** 20);
    const part = direct!.read(4096, 8192, scratch);
    expect(part.buffer).toBe(scratch.buffer);
    expect(Buffer.compare(part, bytes.subarray(4096, 12288))).toBe(0);
  });

  it.skipIf(!direct)('takes bytes of any memory', () => {
    const changed = payload(2 ** 20 + 512, 2);
    direct!.write(4096, changed);
    direct!.flush();
    expect(Buffer.compare(file.read(4096, changed.length), changed)).toBe(0);
  });

  it.skipIf(!direct)('reads and writes meanwhile as it does at once', async () => {
    for (const scratch of [alignedBytes(8192), new Uint8Array(8192)]) {
      scratch.set(payload(8192, 3));
      await direct!.writeAsync!(8192, scratch);
      expect(Buffer.compare(file.read(8192, 8192), payload(8192, 3))).toBe(0);
      scratch.fill(0);
      const found = await direct!.readAsync!(8192, 4096, scratch);
      expect(found.buffer).toBe(scratch.buffer);
      expect(Buffer.compare(found, payload(8192, 3).subarray(0, 4096))).toBe(0);
      const code = (code: string) => ({ code });
      await expect(direct!.readAsync!(100, 512, scratch)).rejects.toMatchObject(
        code('device.unaligned'),
      );
      await expect(direct!.writeAsync!(bytes.length, scratch)).rejects.toMatchObject(
        code('device.out-of-range'),
      );
    }
  });

  it.skipIf(!direct)('knows whole sectors only', () => {
    expect(errorOf(() => direct!.read(100, 512)).code).toBe('device.unaligned');
    expect(errorOf(() => direct!.write(0, new Uint8Array(100))).code).toBe('device.unaligned');
    expect(errorOf(() => direct!.read(bytes.length, 512)).code).toBe('device.out-of-range');
  });
});

describe('extents without a hole', () => {
  it.each([
    [{ offset: 0, length: 10 }, [{ offset: 10, length: 10 }]],
    [{ offset: 20, length: 10 }, [{ offset: 0, length: 20 }]],
    [
      { offset: 5, length: 5 },
      [
        { offset: 0, length: 5 },
        { offset: 10, length: 10 },
      ],
    ],
    [{ offset: 0, length: 30 }, []],
    [{ offset: 30, length: 5 }, [{ offset: 0, length: 20 }]],
  ])('%j', (hole, left) => {
    expect(withoutExtent([{ offset: 0, length: 20 }], hole)).toEqual(left);
  });
});

describe('the used extents of a volume', () => {
  it('are all that it needs on a device full of something else', () => {
    const { bytes, volume } = newVolume();
    const files = { a: payload(70_000, 1), zeros: new Uint8Array(9000), 'd/b': payload(10, 2) };
    volume.mkdir('d');
    for (const [path, content] of Object.entries(files)) volume.write(path, content);
    volume.flush();
    const target = Buffer.from(payload(bytes.length, 3));
    let used = 0;
    for (const { offset, length } of usedExtents(memoryDevice(bytes))) {
      target.set(bytes.subarray(offset, offset + length), offset);
      used += length;
    }
    expect(used).toBeLessThan(bytes.length / 2);
    const copied = openFat(memoryDevice(target));
    expect(copied.check()).toEqual([]);
    for (const [path, content] of Object.entries(files)) {
      expect(Buffer.compare(copied.read(path), content)).toBe(0);
    }
  });
});
