import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silent } from '../../../src/diagnostics/progress.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { openFileDevice } from '../../../src/disk/file-device.ts';
import { readGpt } from '../../../src/disk/gpt.ts';
import { nonZeroExtents } from '../../../src/disk/sparse.ts';
import { finishedDisk } from '../../../src/flash/finished-disk.ts';
import { deviceExtents } from '../../../src/flash/signature-extents.ts';
import { writeDevice } from '../../../src/flash/write-device.ts';
import { smallImage } from '../../unit/bootloader/small-image.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'twinbank-signatures-'));
afterAll(() => rmSync(folder, { recursive: true }));
const KiB = 1024;
const MiB = KiB * KiB;
const size = 32 * MiB;
const image = smallImage();

/** A mark, and where programs look for it: from the beginning, or by a negative number from the end. */
type Mark = readonly [type: string, at: number, bytes: string | readonly number[]];
const marks: readonly Mark[] = [
  ['swap', 4086, 'SWAPSPACE2'],
  ['iso9660', 32 * KiB + 1, 'CD001'],
  ['reiserfs', 64 * KiB + 52, 'ReIsEr2Fs'],
  ['VMFS', MiB, [0x0d, 0xd0, 0x01, 0xc0]],
  ['VMFS_volume', 2 * MiB, [0x5e, 0xf1, 0xab, 0x2f]],
  ['promise_fasttrack_raid_member', -3087 * 512, 'Promise Technology, Inc.'],
  ['isw_raid_member', -1024, 'Intel Raid ISM Cfg Sig. '],
];

function plant(disk: Buffer, start: number, end: number): void {
  for (const [, at, bytes] of marks) {
    const place = at < 0 ? end + at : start + at;
    if (typeof bytes === 'string') disk.write(bytes, place, 'latin1');
    else disk.set(bytes, place);
  }
}

function kept(disk: Buffer, start: number, end: number): string {
  const path = join(folder, 'judged');
  writeFileSync(path, disk.subarray(start, end));
  return path;
}

/** What wipefs finds. */
function found(disk: Buffer, start = 0, end = disk.length): string[] {
  const path = kept(disk, start, end);
  const lines = judge('wipefs', ['--noheadings', '--output', 'TYPE', path]).split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

const partitions = readGpt(memoryDevice(image.bytes)).partitions.map(
  ({ name, firstLba, lastLba }) => {
    return { name, start: firstLba * 512, end: (lastLba + 1) * 512 };
  },
);

judgedBy(['wipefs', 'blkid'], () => {
  describe('a device that held something else', () => {
    const before = Buffer.alloc(size);
    let after: Buffer;
    beforeAll(async () => {
      plant(before, 0, size);
      for (const { start, end } of partitions) if (end - start > 3 * MiB) plant(before, start, end);
      const path = join(folder, 'target');
      writeFileSync(path, before);
      const device = memoryDevice(image.bytes);
      const disk = await finishedDisk(device, nonZeroExtents(device), { size, identity: 'new' });
      const target = openFileDevice(path, { writable: true });
      const aligned = { device: disk.device, extents: deviceExtents(disk, []) };
      await writeDevice(aligned, target, { report: silent, resume: false, readBack: true });
      after = Buffer.from(target.read(0, size));
      target.close();
    });

    it('has nothing of it left that wipefs or blkid would find on the disk', () => {
      const judged = ['VMFS_volume_member', 'promise_fasttrack_raid_member', 'isw_raid_member'];
      expect(found(before)).toEqual(expect.arrayContaining(judged));
      expect(found(after).sort()).toEqual(['PMBR', 'gpt', 'gpt']);
      const probe = judge('blkid', ['-p', '-o', 'export', kept(after, 0, size)]);
      expect(probe).toContain('PTTYPE=gpt');
      expect(probe).not.toMatch(/^(TYPE|USAGE)=/m);
    });

    it('has nothing of it left on any partition but the volume that is there now', () => {
      for (const { start, end } of partitions) {
        if (end - start <= 3 * MiB) continue;
        expect(found(before, start, end)).toContain('isw_raid_member');
        const types = found(after, start, end);
        expect(types.filter((type) => type !== 'vfat' && type !== 'dos')).toEqual([]);
      }
    });
  });

  describe('the partitions that a device had', () => {
    it('have no marks left either, wherever they began and ended', async () => {
      const device = memoryDevice(image.bytes);
      const disk = await finishedDisk(device, nonZeroExtents(device), { size });
      const old = { offset: 21 * MiB, length: 10 * MiB };
      const target = Buffer.alloc(size);
      plant(target, old.offset, old.offset + old.length);
      expect(found(target, old.offset, old.offset + old.length)).toContain('VMFS_volume_member');
      const aligned = { device: disk.device, extents: deviceExtents(disk, [old]) };
      const work = { report: silent, resume: false, readBack: true };
      await writeDevice(aligned, memoryDevice(target), work);
      expect(found(target, old.offset, old.offset + old.length)).toEqual([]);
    });
  });
});
