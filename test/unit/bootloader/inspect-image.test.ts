import { describe, expect, test } from 'vitest';
import type { BootCfg } from '../../../src/bootloader/boot-cfg.ts';
import { inspectImage } from '../../../src/bootloader/inspect-image.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { writeGpt } from '../../../src/disk/gpt.ts';
import { smallImage } from './small-image.ts';

const MiB = 2 ** 20;
const inspect = (bytes: Uint8Array) => inspectImage(memoryDevice(bytes));

describe('inspecting a whole image', () => {
  test('finds its partitions, both banks, the store, and nothing wrong', async () => {
    const found = await inspect(smallImage().bytes);
    expect(found.findings).toEqual([]);
    expect(found.partitions.map(({ number }) => number)).toEqual([1, 5, 6, 7, 8, 14]);
    expect(found.store).toMatchObject({
      builds: ['1.2.3-400'],
    });
    expect(found.coredump).toMatchObject({ state: 'empty' });
    expect(found.size).toBe(found.present);
  });

  test('reads and never writes', async () => {
    const { bytes } = smallImage();
    const device = memoryDevice(bytes);
    const write = () => {
      throw new Error('written');
    };
    await expect(inspectImage({ ...device, write })).resolves.toMatchObject({ next: 5 });
  });

  test('ends at a signal', async () => {
    const signal = AbortSignal.abort(new Error('stop'));
    const device = memoryDevice(smallImage().bytes);
    await expect(inspectImage(device, { signal })).rejects.toThrow('stop');
  });
});

describe('what boots next', () => {
  type Marks = Partial<BootCfg>;
  const cases: [five: Marks, six: Marks, next: number | null, why: string][] = [
    [{}, {}, 5, 'bank 5 (1.2.3-400): it is newer than bank 6 (updated 2, not 1)'],
    [{ updated: 1 }, {}, 5, 'bank 5 (1.2.3-400): it is as new as bank 6 and stands first'],
    [{ bootstate: '3', verdict: 'R' }, {}, 6, 'bank 6 (1.2.3-400): bank 5: invalid'],
    [{ attempts: '3' }, {}, 6, 'bank 6 (1.2.3-400): bank 5 has used up its 3 attempts'],
    [
      { attempts: '3' },
      { attempts: '3' },
      5,
      'bank 5 (1.2.3-400): both have used up their attempts, and it is newer than bank 6 (updated 2, not 1)',
    ],
    [
      {},
      { bootstate: '1', updated: 9 },
      6,
      'bank 6 (1.2.3-400): a trial, the one that its update gets; it is newer than bank 5 (updated 9, not 2)',
    ],
    [{ bootstate: '2' }, {}, 6, 'bank 6 (1.2.3-400): bank 5: trial was not confirmed'],
    [
      { bootstate: '3' },
      { bootstate: '2' },
      null,
      'none: the loader would stop at its rescue prompt (bank 5: invalid; bank 6: trial was not confirmed)',
    ],
  ];
  test.each(cases)('with %j and %j is %j', async (five, six, next, why) => {
    const image = smallImage();
    image.mark(5, five);
    image.mark(6, six);
    expect(await inspect(image.bytes)).toMatchObject({ next, why });
  });

  test('is the other bank when a hash is wrong, by the hash of what is on the disk', async () => {
    const image = smallImage();
    image.edit(5, (volume) => volume.overwrite('engine.v00', 9, new Uint8Array(40)));
    expect(await inspect(image.bytes)).toMatchObject({
      next: 6,
      why: 'bank 6 (1.2.3-400): bank 5: contents: engine.v00 does not match its hash',
    });
  });
});

describe('a damaged image', () => {
  test('with a wrong CRC in the primary GPT is read by the backup, and says so', async () => {
    const { bytes } = smallImage();
    bytes[512 + 16]! ^= 1;
    const found = await inspect(bytes);
    expect(found.next).toBe(5);
    expect(found.findings).toHaveLength(1);
    expect(found.findings[0]).toMatchObject({ severity: 'warning', code: 'gpt.header-crc' });
    expect(found.findings[0]!.message).toMatch(/^primary GPT: LBA 1: .*; the backup is used$/);
  });

  test.each([
    [1, 'error', 'partition 1 (bootloader): found none: nothing can start it'],
    [6, 'error', 'partition 6 (bootbank2): found none: there is no other bank to fall back to'],
    [8, 'error', 'partition 8 (store): found none: the packages of the store are missing'],
  ])('without partition %i is shown without it', async (number, severity, message) => {
    const found = await inspect(smallImage([number]).bytes);
    expect(found.findings).toEqual([{ severity, code: 'image.partition-missing', message }]);
    expect(found.next).toBe(5);
  });

  test('without files of the loader says which', async () => {
    const image = smallImage();
    image.edit(1, (volume) => volume.remove('EFI/BOOT/BOOTX64.EFI'));
    const found = await inspect(image.bytes);
    expect(found.findings.map(({ message }) => message)).toEqual([
      'bootloader: expected EFI/BOOT/BOOTX64.EFI, found none: UEFI cannot start it',
    ]);
  });

  test.each([18.5, 15, 10, 6])('cut at %d MiB shows what is there', async (mebibytes) => {
    const cut = smallImage().bytes.subarray(0, mebibytes * MiB);
    const found = await inspect(cut);
    expect(found).toMatchObject({ size: 19 * MiB, present: mebibytes * MiB });
    expect(found.findings[0]).toEqual({
      severity: 'error',
      code: 'image.truncated',
      message: `expected ${19 * MiB} bytes, as the partition table says, found ${mebibytes * MiB}: the image is cut short`,
    });
    expect(found.partitions).toHaveLength(6);
    expect(found.banks).toHaveLength(2);
    if (mebibytes > 13) expect(found.banks.map(({ problem }) => problem)).toEqual([null, null]);
  });

  test.each([
    ['no 55 aa', 'mbr.signature', (bytes: Buffer) => bytes.fill(0, 510, 512)],
    ['no protective entry', 'mbr.not-protective', (bytes: Buffer) => bytes.fill(0, 446, 462)],
    ['no boot code', 'mbr.no-boot-code', (bytes: Buffer) => bytes.fill(0, 0, 440)],
    [
      'no core image',
      'loader.no-core-image',
      (bytes: Buffer) => bytes.fill(0, 34 * 512, 2048 * 512),
    ],
    [
      'the first sector of one',
      'loader.no-core-image',
      (bytes: Buffer) => bytes.fill(0, 35 * 512, 2048 * 512),
    ],
  ])('with %s is an error, as a missing partition is', async (_what, code, damage) => {
    const { bytes } = smallImage();
    damage(bytes);
    const [first, ...more] = (await inspect(bytes)).findings;
    expect(first).toMatchObject({ severity: 'error', code });
    expect(first!.message).toMatch(/: (a BIOS|UEFI) cannot start it$/);
    expect(more).toEqual([]);
  });

  test('with a store and a core-dump area of rubbish is shown without them', async () => {
    const { bytes } = smallImage();
    bytes.fill(0xa5, 13 * MiB, 18 * MiB);
    const found = await inspect(bytes);
    expect(found).toMatchObject({ next: 5, store: null, coredump: null });
    expect(found.findings.map(({ code }) => code)).toEqual(['coredump.magic', 'fat.signature']);
  });
});

describe('what is no image of ours', () => {
  test.each([
    ['zeros', () => Buffer.alloc(MiB), 'gpt.signature'],
    ['two sectors', () => Buffer.alloc(1024), 'gpt.device-size'],
    [
      'a disk with other partitions',
      () => {
        const bytes = Buffer.alloc(8 * MiB);
        writeGpt(memoryDevice(bytes), {
          diskGuid: '6E1B1A5C-0000-4000-8000-000000000000',
          partitions: [],
        });
        return bytes;
      },
      'image.foreign',
    ],
  ])('is refused: %s', async (_what, make, code) => {
    await expect(inspect(make())).rejects.toMatchObject({ kind: 'corrupt', code });
  });
});
