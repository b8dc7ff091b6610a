import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withHostDisk } from '../../../src/cli/host-disk.ts';
import { openFileDevice } from '../../../src/disk/file-device.ts';
import { cacheDropper } from '../../../src/host/cache-dropper.ts';
import { smallImage } from '../../unit/bootloader/small-image.ts';
import { payload } from '../../unit/disk/fat/trees.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

// On a disk: what is in a file system in memory has no other place than the cache.
const out = resolve(import.meta.dirname, '../../../out');
let folder = '';
beforeAll(() => {
  mkdirSync(out, { recursive: true });
  folder = mkdtempSync(join(out, 'test-caches-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MiB = 2 ** 20;
const cached = (path: string): number =>
  Number(judge('fincore', ['--bytes', '--noheadings', '--output', 'RES', path]));

/** Bytes that this process has had fetched from a disk (proc(5), /proc/pid/io). */
const fetched = (): number =>
  Number(/read_bytes: (\d+)/.exec(readFileSync('/proc/self/io', 'latin1'))?.[1]);

judgedBy(['fincore'], () => {
  test('what a file had in the cache is gone, each time anew, and comes from the disk again', async () => {
    const path = join(folder, 'file');
    const content = payload(8 * MiB, 1);
    const file = openFileDevice(path, { create: true, size: content.length });
    const caches = cacheDropper(path);
    try {
      for (const part of [0, 1, 2]) {
        file.write(part * MiB, content.subarray(part * MiB, (part + 1) * MiB));
        file.flush();
        expect(cached(path)).toBeGreaterThanOrEqual(MiB);
        await caches.drop();
        expect(cached(path)).toBe(0);
        const before = fetched();
        expect(
          Buffer.from(file.read(part * MiB, MiB)).equals(
            content.subarray(part * MiB, (part + 1) * MiB),
          ),
        ).toBe(true);
        expect(fetched() - before).toBeGreaterThanOrEqual(MiB);
      }
    } finally {
      caches.close();
      file.close();
    }
  });

  test('an update reads no byte of an image back from the cache', async () => {
    const path = join(folder, 'disk.img');
    writeFileSync(path, smallImage().bytes);
    await withHostDisk('disk.img', path, { writable: true }, async ({ banks, dropCaches }) => {
      const [, bank] = banks;
      // All of what was written, flushed or not.
      bank!.device.write(2 * MiB, payload(MiB, 2));
      expect(cached(path)).toBeGreaterThan(10 * MiB);
      await dropCaches();
      expect(cached(path)).toBe(0);
      const before = fetched();
      expect(Buffer.from(bank!.device.read(2 * MiB, MiB)).equals(payload(MiB, 2))).toBe(true);
      expect(fetched() - before).toBeGreaterThanOrEqual(MiB);
    });
  });
});

test('a file whose caches cannot be dropped is an error that names it', async () => {
  const path = join(folder, 'gone');
  closeSync(openSync(path, 'w'));
  const caches = cacheDropper(path);
  await caches.drop();
  rmSync(path);
  await expect(caches.drop()).rejects.toMatchObject({
    ...{ kind: 'io', code: 'host.tool-failed' },
    message: expect.stringMatching(/gone: expected .*, found .*No such file/),
  });
  caches.close();
});

test('a shell that was ended is an error, not a wait for ever', async () => {
  const path = join(folder, 'file2');
  writeFileSync(path, 'x');
  const caches = cacheDropper(path);
  await caches.drop();
  for (const pid of children()) {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    if (command.endsWith(`${path}\0`)) process.kill(pid, 'SIGKILL');
  }
  await expect(caches.drop()).rejects.toThrow(/the shell has ended|EPIPE/);
  caches.close();
});

function children(): number[] {
  return readdirSync('/proc/self/task').flatMap((task) => {
    const list = readFileSync(`/proc/self/task/${task}/children`, 'utf8');
    return list.split(' ').filter(Boolean).map(Number);
  });
}
