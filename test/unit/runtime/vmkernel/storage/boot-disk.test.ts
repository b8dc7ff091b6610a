import { describe, expect, it } from 'vitest';
import { selectBank } from '../../../../../src/bootloader/select-bank.ts';
import type { BlockDevice } from '../../../../../src/disk/block-device.ts';
import { readGpt } from '../../../../../src/disk/gpt.ts';
import { overlayDevice } from '../../../../../src/disk/overlay-device.ts';
import { simDisk } from '../../../../../src/harness/sim/sim-disk.ts';
import { restUseOf } from '../../../../../src/runtime/vmkernel/storage/boot-disk.ts';
import { bootDisk, bootOf, imageBytes, type Written } from './rest-host.ts';

const mib = 2 ** 20;
const gib = 2 ** 30;
const tail = imageBytes - mib;
const made = (disk: BlockDevice): string[] =>
  readGpt(disk)
    .partitions.filter(({ number }) => number === 2 || number === 3)
    .map(({ number, name, firstLba, lastLba }) => {
      return `${number} ${name} ${firstLba / 2048} to ${(lastLba + 1) / 2048}`;
    });
const title = 'vmhba0:C0:T0:L0 (/dev/vda, ';

const copies = [
  ['copied byte by byte', { isMoved: false }],
  ['put there by flash', { isMoved: true }],
] as const;

describe.each(copies)('B4: behind an image that was %s, the rest of its disk', (_title, how) => {
  it('becomes a datastore and a scratch partition, and the table is right again', async () => {
    const disk = bootDisk(9 * gib, how);
    const { confirmed, asked, lines, mounts } = bootOf(disk);
    expect(await confirmed()).toEqual(['boot', null, 'datastore1 true']);
    expect(made(disk)).toEqual(['2 scratch 19 to 938', '3 datastore 938 to 9215']);
    expect(readGpt(disk)).toMatchObject({ findings: [], source: 'primary' });
    expect(asked).toEqual([
      `addpart /dev/vda 2 ${19 * 2048} ${919 * 2048}`,
      `addpart /dev/vda 3 ${938 * 2048} ${8277 * 2048}`,
      'mkfs.fat -F 32 -n SCRATCH /dev/vda2',
      expect.stringMatching(/^mke2fs .* -L datastore1 -U \S+ \/dev\/vda3$/),
      'fsck.fat -a /dev/vda2',
    ]);
    expect(mounts.map(({ device }) => device)).toEqual(['/dev/vda2', '/dev/vda3']);
    expect(lines).toEqual([
      `storage: making datastore1 in the rest of ${title}9.0 GiB), which is blank`,
      `storage: datastore1 is on ${title}9.0 GiB)`,
    ]);
    // The mark, and the second header of an image that was copied.
    expect(disk.read(tail, mib - 33 * 512).every((byte) => byte === 0)).toBe(true);
    expect(disk.read(imageBytes - 512, 512).every((byte) => byte === 0)).toBe(true);
  });

  it('becomes a datastore alone below 8 GiB, and nothing below 256 MiB, with the reason', async () => {
    const disk = bootDisk(imageBytes + 257 * mib, how);
    expect(await bootOf(disk).confirmed()).toEqual(['boot', null, 'datastore1 true']);
    expect(made(disk)).toEqual(['3 datastore 19 to 275']);
    const smaller = bootDisk(imageBytes + 256 * mib, how);
    const { confirmed, written, lines, storage } = bootOf(smaller);
    const why = 'its rest is left alone: 255.0 MiB are less than 256 MiB';
    expect(await confirmed()).toEqual(['boot', why]);
    expect(lines).toEqual([`storage: ${title}275.0 MiB): ${why}`]);
    expect([written, storage.problems()]).toEqual([[], []]);
  });

  it('is mounted at each later boot, a trial and one of a recipe without it among them', async () => {
    const disk = bootDisk(gib, how);
    await bootOf(disk).confirmed();
    for (const restUse of ['go-on', 'wait', 'leave', 'begin'] as const) {
      const { confirmed, written, asked } = bootOf(disk, { restUse });
      expect(await confirmed()).toEqual(['boot', null, 'datastore1 true']);
      expect([written, asked]).toEqual([[], []]);
    }
  });

  it.each([
    ['in its first MiB', imageBytes + mib - 512, 'its first MiB is not empty'],
    ['in its last MiB', gib - 2 * mib, 'its last MiB is not empty'],
    ['between it and the table at the end', gib - 34 * 512, 'its last MiB is not empty'],
    ['before it', tail, 'the MiB before it is not empty'],
  ])('is left alone where there is one byte %s', async (_where, at, reason) => {
    const disk = bootDisk(gib, how);
    disk.write(at, new Uint8Array(512).fill(1, 511));
    const { confirmed, written, lines } = bootOf(disk);
    const why = `its rest is left alone: ${reason}`;
    expect(await confirmed()).toEqual(['boot', why]);
    expect(lines).toEqual([`storage: ${title}1.0 GiB): ${why}`]);
    expect(written).toEqual([]);
  });

  it.each([
    [{ isReadOnly: true }, {}, 'it is read-only'],
    [{ network: 'iSCSI' }, {}, 'it is shared (iSCSI)'],
    [{ holders: ['dm-0'] }, {}, 'it is part of dm-0'],
    [{}, ['addpart'], 'this bank has no addpart to tell the kernel of a new partition with'],
    [{}, ['mke2fs'], 'this bank has no mke2fs to make a datastore with'],
  ])('is left alone of a disk with %j and without %j', async (facts, without, reason) => {
    const hasProgram = (name: string) => !Object.values(without).includes(name);
    const { confirmed, written } = bootOf(bootDisk(gib, how), { hasProgram }, facts);
    expect(await confirmed()).toEqual(['boot', `its rest is left alone: ${reason}`]);
    expect(written).toEqual([]);
  });

  it('is left alone after the first boot, in a trial, and, without a word, where the recipe wants it so', async () => {
    const disk = bootDisk(gib, how);
    const why = 'its rest (1004.0 MiB) is left alone: only the first boot makes a datastore of it';
    for (const [restUse, expected] of [
      ['go-on', why],
      ['wait', why],
      ['leave', null],
    ] as const) {
      const { confirmed, written, lines } = bootOf(disk, { restUse });
      expect(await confirmed()).toEqual(['boot', expected]);
      expect(lines).toHaveLength(expected === null ? 0 : 1);
      expect(written).toEqual([]);
    }
  });

  it('is left for a later boot where a file system could not be made, and that is a problem', async () => {
    const disk = bootDisk(gib, how);
    const failed = bootOf(disk);
    failed.answers.set('mke2fs', { code: 1, error: 'no space' });
    const why = 'mke2fs /dev/vda: exit code 1: no space';
    expect(await failed.confirmed()).toEqual(['boot', why]);
    expect(failed.storage.problems()).toEqual([`disk ${title}1.0 GiB): ${why}`]);
    expect(made(disk)).toEqual([]);
    const trial = bootOf(disk, { restUse: 'wait' });
    const begun =
      'a datastore was begun in its rest, and the next boot that is no trial finishes it';
    expect(await trial.confirmed()).toEqual(['boot', begun]);
    expect(trial.written).toEqual([]);
    // A vmkd that was killed has told the kernel of the partition.
    const place = { number: 3, firstLba: imageBytes / 512, sectors: 1004 * 2048 };
    const again = bootOf(disk, { restUse: 'go-on' }, {}, [place]);
    expect(await again.confirmed()).toEqual(['boot', null, 'datastore1 true']);
    expect(again.asked).toEqual([expect.stringMatching(/^mke2fs/)]);
    expect(made(disk)).toEqual(['3 datastore 19 to 1023']);
  });
});

describe('B4: the rest of a boot disk', () => {
  it('is none on one of the image’s own size, and that is not said', async () => {
    for (const bytes of [imageBytes, imageBytes + mib]) {
      const { confirmed, written, lines } = bootOf(bootDisk(bytes));
      expect(await confirmed()).toEqual(['boot', null]);
      expect([written, lines]).toEqual([[], []]);
    }
  });

  it('is somebody else’s where the table has a partition of his, and where one of its copies is damaged', async () => {
    const { addPartitionWrites, tableHeadBytes } = await import(
      '../../../../../src/disk/add-partitions.ts'
    );
    const disk = bootDisk(gib);
    const home = {
      ...{ number: 9, name: 'home', firstLba: 2 ** 20, lastLba: 2 ** 20 + 99, attributes: 0n },
      ...{ type: '0FC63DAF-8483-4772-8E79-3D69D8477DE4', guid: crypto.randomUUID() },
    };
    for (const { offset, data } of addPartitionWrites(disk.read(0, tableHeadBytes), gib / 512, [
      home,
    ])) {
      disk.write(offset, data);
    }
    expect(await bootOf(disk).confirmed()).toEqual([
      ...['boot', 'its rest is left alone: partition 9 ("home") is not of the image'],
    ]);
    for (const [at, reason] of [
      [512 + 60, 'the partition table has a fault'],
      [gib - 512 + 60, 'the second partition table has a fault'],
    ] as const) {
      const damaged = bootDisk(gib);
      damaged.write(at, new Uint8Array([1, 2, 3]));
      const { confirmed, written } = bootOf(damaged);
      expect(await confirmed()).toEqual(['boot', `its rest is left alone: ${reason}`]);
      expect(written).toEqual([]);
    }
    const hybrid = bootDisk(gib);
    hybrid.write(446 + 16 + 4, new Uint8Array([7]));
    expect((await bootOf(hybrid).confirmed())[1]).toContain('expected one entry only');
  });

  it('is begun by the first boot that is confirmed, if the journal knows, and never by a trial', () => {
    const use = (isTrial: boolean, isNew: boolean | undefined) =>
      restUseOf('format', { isTrial, isNew });
    expect([use(false, true), use(false, false), use(false, undefined)]).toEqual([
      ...['begin', 'go-on', 'go-on'],
    ]);
    expect([use(true, true), use(true, false)]).toEqual(['wait', 'wait']);
    expect(restUseOf('leave', { isTrial: false, isNew: true })).toBe('leave');
  });
});

/** What is left of writes when the power goes: after each sector, in the order of the writes and of those of one write backwards. */
function* cuts(disk: BlockDevice, written: readonly Written[]): Generator<BlockDevice> {
  const whole: Written[] = [];
  for (const one of written) {
    const sectors = Array.from({ length: one.data.length / 512 }, (_, index) => ({
      offset: one.offset + index * 512,
      data: one.data.subarray(index * 512, (index + 1) * 512),
    }));
    for (const order of [sectors, [...sectors].reverse()]) {
      const left = overlayDevice(disk);
      for (const { offset, data } of whole) left.write(offset, data);
      for (const { offset, data } of order) {
        yield overlayDevice(left);
        left.write(offset, data);
      }
    }
    whole.push(one);
  }
  const end = overlayDevice(disk);
  for (const { offset, data } of whole) end.write(offset, data);
  yield end;
}

describe.each(copies)(
  'B4, P2: a power cut while the rest of a disk is formatted, image %s',
  (_t, how) => {
    it('leaves a disk that boots, and a later boot makes the datastore, or it was made', async () => {
      const before = bootDisk(9 * gib, how);
      const first = bootOf(overlayDevice(before));
      expect(await first.confirmed()).toEqual(['boot', null, 'datastore1 true']);
      const image = before.read(34 * 512, tail - 34 * 512);
      const own = readGpt(before).partitions;
      let count = 0;
      for (const left of cuts(before, first.written)) {
        count++;
        const where = `cut ${count}`;
        // Of two copies Linux takes the first or nothing; the image's partitions are as they were, byte by byte.
        const { source, partitions } = readGpt(left);
        expect(source, where).toBe('primary');
        expect(partitions.filter(({ number }) => number !== 2 && number !== 3)).toEqual(own);
        expect(Buffer.compare(left.read(34 * 512, image.length), image), where).toBe(0);
        expect(Buffer.compare(left.read(0, 440), before.read(0, 440)), where).toBe(0);
        if (count % 20 === 1) {
          const { facts, io } = simDisk(left).loader();
          expect(selectBank(facts, { write: () => true, verify: io.verify }).booted).toBe(5);
        }
        // Before the mark the boot does not count as the first one yet.
        const isBegun = left.read(tail, 1)[0] !== 0 || made(left).length > 0;
        const restUse = isBegun ? 'go-on' : 'begin';
        const next = bootOf(left, { restUse });
        expect(await next.confirmed(), where).toEqual(['boot', null, 'datastore1 true']);
        expect(readGpt(left).findings, where).toEqual([]);
        expect(made(left)).toEqual(['2 scratch 19 to 938', '3 datastore 938 to 9215']);
        expect(
          left.read(tail, 512).every((byte) => byte === 0),
          where,
        ).toBe(true);
      }
      expect(count).toBeGreaterThan(70);
    });
  },
);
