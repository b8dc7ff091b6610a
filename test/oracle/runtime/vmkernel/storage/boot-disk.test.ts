import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openFileDevice } from '../../../../../src/disk/file-device.ts';
import { moveBackup, readGpt } from '../../../../../src/disk/gpt.ts';
import { writeProtectiveMbr } from '../../../../../src/disk/mbr.ts';
import { runHelper } from '../../../../../src/runtime/system/run-helper.ts';
import { type DiskIo, diskIo } from '../../../../../src/runtime/vmkernel/storage/disk-io.ts';
import { claimRest, formatRest } from '../../../../../src/runtime/vmkernel/storage/format-rest.ts';
import { judgeRest } from '../../../../../src/runtime/vmkernel/storage/judge-rest.ts';
import { attachLoop, detachLoop } from '../../../../support/loop-device.ts';
import { smallImage } from '../../../../unit/bootloader/small-image.ts';
import { runHere } from '../../../../unit/cli/host.ts';
import { judge, judgedBy } from '../../../components/foreign-tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'boot-disk-'));
const loops: string[] = [];
afterAll(() => {
  for (const loop of loops.reverse()) detachLoop(loop);
  rmSync(folder, { recursive: true });
});

const gib = 2 ** 30;
const bytes = 9 * gib;

/** A disk file that begins with an image, as it is copied or as `flash` leaves it. */
function diskFile(name: string, isMoved: boolean): string {
  const file = join(folder, name);
  writeFileSync(file, smallImage().bytes);
  truncateSync(file, bytes);
  if (!isMoved) return file;
  const device = openFileDevice(file, { writable: true });
  moveBackup(device);
  writeProtectiveMbr(device);
  device.close();
  return file;
}

function attach(file: string): string {
  const loop = attachLoop(file, '--partscan');
  if (!loop) throw new Error('this machine gives no further loop device');
  loops.push(loop);
  return loop;
}

/** What this machine's kernel has read of the table of a disk that it sees for the first time: numbers and first LBAs. */
function kernelSees(file: string): Record<number, number> {
  const loop = attach(file);
  const name = basename(loop);
  try {
    const numbers = Array.from({ length: 14 }, (_, index) => index + 1);
    const found = numbers.flatMap((number): [number, number][] => {
      try {
        return [[number, Number(readFileSync(`/sys/block/${name}/${name}p${number}/start`))]];
      } catch {
        return [];
      }
    });
    return Object.fromEntries(found);
  } finally {
    detachLoop(loop);
  }
}

const image = { 1: 2048, 5: 10240, 6: 18432, 7: 26624, 8: 28672, 14: 34 };
const probe = diskFile('probe', false);
const given = attachLoop(probe);
if (given) detachLoop(given);
/** Not every kernel has been built to read GPT: the others are held to what sgdisk reads. */
const isRead = given !== undefined && Object.keys(kernelSees(probe)).length > 0;

function sgdiskSees(file: string): Record<number, number> {
  const text = judge('sgdisk', ['-p', file]);
  expect(text).not.toMatch(/corrupt|invalid|CRC/i);
  const rows = [...text.matchAll(/^ +(\d+) +(\d+) +\d+ /gm)];
  return Object.fromEntries(rows.map(([, number, first]) => [Number(number), Number(first)]));
}

/** The table of a disk as Linux finds it at a start. */
const sees = (file: string): Record<number, number> => {
  const found = sgdiskSees(file);
  if (isRead) expect(kernelSees(file)).toEqual(found);
  return found;
};

judgedBy(['sgdisk', 'sfdisk', 'mke2fs', 'e2fsck', 'fsck.fat', 'mkfs.fat', 'addpart'], () => {
  describe.skipIf(!given).each([
    ['copied byte by byte', false],
    ['put there by flash', true],
  ])('B4: behind an image that was %s, on a loop device of this machine', (_title, isMoved) => {
    it('every write leaves the image’s partitions to be found, and the last one file systems without a fault', async () => {
      const name = isMoved ? 'moved' : 'copied';
      const file = diskFile(`${name}.img`, isMoved);
      expect(sees(file)).toEqual(image);
      const loop = attach(file);
      const seen: Record<number, number>[] = [];
      const real = diskIo(runHelper);
      const io: DiskIo = {
        read: real.read,
        async write(path, offset, data) {
          await real.write(path, offset, data);
          seen.push(sees(file));
        },
      };
      const port = { io, run: runHelper, newGuid: randomUUID, hasProgram: () => true };
      const facts = { device: basename(loop), bytes, partitions: [] };
      await claimRest(port, facts);
      await formatRest(port, facts, 'datastore1');
      const whole = { ...image, 2: 19 * 2048, 3: 938 * 2048 };
      expect(seen).toHaveLength(isMoved ? 5 : 7);
      expect(seen.slice(0, -3)).toEqual(seen.slice(0, -3).map(() => image));
      expect(seen.slice(-3)).toEqual([whole, whole, whole]);
      expect(await judgeRest(real, facts)).toMatchObject({
        ...{ state: 'datastore', datastore: { number: 3, scratch: 2 }, hasMark: false },
      });
      judge('e2fsck', ['-f', '-n', `${loop}p3`]);
      expect(judge('fsck.fat', ['-n', `${loop}p2`])).toContain(': 1 files');
      expect(judge('sgdisk', ['-v', loop])).toContain('No problems found');
      expect(judge('sfdisk', ['--verify', loop])).toContain('No errors detected');
      detachLoop(loop);

      // What is at rest is what it was, and nobody loses a datastore without a word.
      const on = (...argv: string[]) => runHere(argv, { host: { cwd: folder } });
      const { partitions, next, findings } = JSON.parse(
        (await on('inspect', file, '--json')).stdout,
      );
      expect([next, findings]).toEqual([5, []]);
      expect(partitions.map(({ number }: { number: number }) => number)).toEqual([
        ...[1, 2, 3, 5, 6, 7, 8, 14],
      ]);
      expect((await on('verify', file)).code).toBe(0);
      expect((await on('bank', file, 'rollback')).code).toBe(0);
      expect(JSON.parse((await on('inspect', file, '--json')).stdout).next).toBe(6);
      writeFileSync(join(folder, 'new.img'), smallImage().bytes);
      const flashed = await on('flash', 'new.img', file, '--yes', '--size', '9GiB');
      expect(flashed.stderr).toContain(
        `${file}: datastore1 in partition 3 (8.1 GiB) will be lost, with the machines on it`,
      );
      const device = openFileDevice(file);
      expect(readGpt(device).partitions).toHaveLength(6);
      device.close();
    }, 120_000);
  });
});
