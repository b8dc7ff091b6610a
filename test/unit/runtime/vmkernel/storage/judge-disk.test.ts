import { describe, expect, it } from 'vitest';
import { memoryDevice } from '../../../../../src/disk/block-device.ts';
import { writeGpt } from '../../../../../src/disk/gpt.ts';
import { writeProtectiveMbr } from '../../../../../src/disk/mbr.ts';
import { type DiskEnds, endBytes } from '../../../../../src/runtime/vmkernel/storage/disk-ends.ts';
import { planDisk } from '../../../../../src/runtime/vmkernel/storage/disk-layout.ts';
import {
  judgeContents,
  judgeFacts,
} from '../../../../../src/runtime/vmkernel/storage/judge-disk.ts';
import { unfinishedSector } from '../../../../../src/runtime/vmkernel/storage/unfinished-mark.ts';
import { diskFacts } from './disk-facts.ts';

const bytes = 4 * 2 ** 20;
const guids = () => {
  let next = 1;
  return () => `00000000-0000-0000-0000-${String(next++).padStart(12, '0')}`;
};

/** Both ends of a disk that somebody has written to. */
function ends(write: (disk: Uint8Array) => void = () => {}): DiskEnds {
  const disk = new Uint8Array(bytes);
  write(disk);
  return { bytes, first: disk.slice(0, endBytes), last: disk.slice(-endBytes) };
}

const text = (offset: number, mark: string) => (disk: Uint8Array) =>
  disk.set(Buffer.from(mark, 'latin1'), offset);

describe('B4: a disk by what is on it', () => {
  it('is blank when its first and its last MiB are zero, whatever lies between', () => {
    expect(judgeContents(ends())).toEqual({ state: 'blank' });
    expect(judgeContents(ends((disk) => disk.fill(1, endBytes, -endBytes)))).toEqual({
      state: 'blank',
    });
  });

  it('is not blank for one byte that is not zero in either', () => {
    for (const at of [0, 511, endBytes - 1, bytes - endBytes, bytes - 1]) {
      const { state, why } = judgeContents(ends((disk) => disk.fill(1, at, at + 1)));
      expect(state, `byte ${at}`).toBe('left-alone');
      const where = at < endBytes ? 'first' : 'last';
      expect(why).toBe(`its ${where} MiB is not empty`);
    }
  });

  it.each([
    [text(0x438, '\x53\xef'), 'a file system without a partition table (ext2, ext3 or ext4)'],
    [text(0, 'XFSB'), 'a file system without a partition table (XFS)'],
    [text(0x10040, '_BHRfS_M'), 'a file system without a partition table (Btrfs)'],
    [text(0x200, 'LABELONE'), 'a physical volume of LVM'],
    [text(0, 'LUKS\xba\xbe'), 'an encrypted volume (LUKS)'],
    [text(510, '\x55\xaa'), 'a partition table or boot code'],
  ])('is left alone with what it has (%#)', (write, what) => {
    expect(judgeContents(ends(write))).toEqual({ state: 'left-alone', why: `it has ${what}` });
  });

  const gpt = (change: (disk: Uint8Array) => void, type?: string) =>
    ends((disk) => {
      const table = planDisk(bytes, { newGuid: guids() });
      const device = memoryDevice(disk);
      writeProtectiveMbr(device);
      const partitions = table.partitions.map((one) => ({ ...one, type: type ?? one.type }));
      writeGpt(device, { ...table, partitions });
      change(disk);
    });

  it('has a datastore by the type of a partition, not by its name, and by the backup alone as well', () => {
    const found = { state: 'datastore', datastore: { number: 1, scratch: undefined } };
    expect(judgeContents(gpt(() => {}))).toEqual(found);
    expect(judgeContents(gpt((disk) => disk.fill(0, 512, 1024)))).toEqual(found);
    const linux = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';
    const why = 'it has a partition table (GPT) with datastore';
    expect(judgeContents(gpt(() => {}, linux))).toEqual({ state: 'left-alone', why });
  });

  it('is unfinished with the mark, whatever else the power cut has left', () => {
    const mark = unfinishedSector(bytes / 512);
    expect(judgeContents(ends((disk) => disk.set(mark)))).toEqual({ state: 'unfinished' });
    const torn = (disk: Uint8Array) => {
      disk.set(mark);
      disk.fill(0xa5, -4096, -600);
      disk.fill(0xa5, 512, 900);
    };
    expect(judgeContents(ends(torn))).toEqual({ state: 'unfinished' });
    expect(judgeContents(gpt((disk) => disk.set(mark)))).toEqual({ state: 'unfinished' });
  });
});

describe('B4: a disk that is not even read', () => {
  const around = { bootDisk: '/dev/vda', useOf: () => undefined };

  it('is the one that was booted, whatever else it is', () => {
    const disk = diskFacts({ device: 'vda', isRemovable: true });
    expect(judgeFacts(disk, around)).toEqual({ state: 'boot' });
  });

  it.each([
    [{ bytes: 0 }, 'it has no medium'],
    [{ isRemovable: true }, 'it is removable'],
    [{ isReadOnly: true }, 'it is read-only'],
    [{ network: 'iSCSI' }, 'it is shared (iSCSI)'],
    [{ sectorBytes: 4096 }, 'its sectors have 4096 bytes, not 512'],
    [{ holders: ['dm-0', 'md1'] }, 'it is part of dm-0, md1'],
    [{ bytes: 3 * 2 ** 20 }, 'it is smaller than 256 MiB'],
  ])('is one of %o', (change, why) => {
    expect(judgeFacts(diskFacts(change), around)).toEqual({ state: 'left-alone', why });
  });

  it('is in use, itself or by a partition', () => {
    const disk = diskFacts({ partitions: [{ number: 1, device: 'vdb1' }] });
    const useOf = (device: string) => (device === 'vdb1' ? 'mounted at /mnt' : undefined);
    const why = 'it is in use (mounted at /mnt)';
    expect(judgeFacts(disk, { ...around, useOf })).toEqual({ state: 'left-alone', why });
  });

  it('is not any other disk', () => {
    expect(judgeFacts(diskFacts(), around)).toBeUndefined();
  });
});
