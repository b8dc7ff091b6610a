import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probeSize } from '../../../src/disk/device-size.ts';
import { attempt, openFileDevice } from '../../../src/disk/file-device.ts';
import { errorOf } from '../../support/error-of.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-file-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a file as a device', () => {
  test('that is created is one hole, and only what is written takes space', () => {
    const path = join(folder, 'sparse.img');
    const device = openFileDevice(path, { create: true, size: 2 ** 30 });
    device.write(2 ** 29, new Uint8Array(4096).fill(7));
    device.flush();
    expect(device.read(2 ** 29 + 4095, 2)).toEqual(Uint8Array.of(7, 0));
    device.close();
    device.close();
    expect(statSync(path).size).toBe(2 ** 30);
    expect(statSync(path).blocks * 512).toBeLessThan(2 ** 20);
  });

  test('that is there is opened with its own size, for reading only unless asked', () => {
    const path = join(folder, 'there.img');
    writeFileSync(path, 'hello');
    const device = openFileDevice(path);
    expect(device.size).toBe(5);
    expect(Buffer.from(device.read(1, 3)).toString()).toBe('ell');
    expect(errorOf(() => device.read(3, 3)).code).toBe('device.out-of-range');
    expect(errorOf(() => device.write(0, Uint8Array.of(1))).kind).toBe('io');
    device.close();
  });

  test('that shrinks under our hands is an error, not an endless loop', () => {
    const path = join(folder, 'shrinks.img');
    writeFileSync(path, new Uint8Array(1000));
    const device = openFileDevice(path);
    truncateSync(path, 100);
    const error = errorOf(() => device.read(0, 1000));
    expect([error.kind, error.code]).toEqual(['io', 'file.truncated']);
    device.close();
  });

  test('that is read and written meanwhile answers as it does at once', async () => {
    const path = join(folder, 'meanwhile.img');
    const device = openFileDevice(path, { create: true, size: 3000 });
    await device.writeAsync?.(1000, Uint8Array.of(1, 2, 3));
    const scratch = new Uint8Array(100);
    expect(await device.readAsync?.(999, 5, scratch)).toEqual(Uint8Array.of(0, 1, 2, 3, 0));
    expect(device.read(1000, 3)).toEqual(Uint8Array.of(1, 2, 3));
    await expect(device.readAsync?.(2999, 2, scratch)).rejects.toMatchObject({
      code: 'device.out-of-range',
    });
    await expect(device.writeAsync?.(2999, scratch)).rejects.toMatchObject({
      code: 'device.out-of-range',
    });
    truncateSync(path, 50);
    await expect(device.readAsync?.(0, 100, scratch)).rejects.toMatchObject({
      kind: 'io',
      code: 'file.truncated',
    });
    device.close();
    const readable = openFileDevice(path);
    const message = `${path}: could not write it: EBADF`;
    await expect(readable.writeAsync?.(0, scratch.subarray(0, 10))).rejects.toThrow(message);
    readable.close();
  });

  test('that is missing, a directory or a pipe is refused in one sentence, without waiting', () => {
    const missing = join(folder, 'missing.img');
    expect(errorOf(() => openFileDevice(missing)).message).toBe(
      `${missing}: could not open it: there is no such file`,
    );
    expect(errorOf(() => openFileDevice(folder)).message).toBe(
      `${folder}: expected a file or block device, found a directory`,
    );
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(errorOf(() => openFileDevice(pipe)).code).toBe('file.not-a-disk');
  });

  test.skipIf(process.getuid?.() === 0)('without permission is refused as that', () => {
    const path = join(folder, 'locked.img');
    writeFileSync(path, '');
    chmodSync(path, 0);
    expect(errorOf(() => openFileDevice(path)).code).toBe('file.no-permission');
  });

  test.skipIf(!existsSync('/dev/full'))('on a full file system says that no space is left', () => {
    const full = openSync('/dev/full', 'w');
    const error = errorOf(() => attempt('disk.img', 'write', () => writeSync(full, 'x')));
    closeSync(full);
    expect([error.kind, error.code]).toEqual(['io', 'file.no-space']);
    expect(error.message).toBe('disk.img: could not write it: no space is left on its file system');
  });
});

test('the size of a device is found by reading alone, to the sector', () => {
  const path = join(folder, 'probe.img');
  for (const sectors of [0, 1, 2, 3, 1000, 65536]) {
    writeFileSync(path, '');
    truncateSync(path, sectors * 512);
    const fd = openSync(path, 'r');
    expect(probeSize(fd)).toBe(sectors * 512);
    closeSync(fd);
  }
});
