import { describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../../src/diagnostics/error.ts';
import { memoryDevice } from '../../../../src/disk/block-device.ts';
import { recordingDevice } from '../../../../src/disk/extents.ts';
import { openFat } from '../../../../src/disk/fat/volume.ts';
import { newVolume, payload } from './trees.ts';

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof TwinbankError) return error.code;
    throw error;
  }
  return 'no error';
}

/** As toEqual does for bytes, but in less than a second for a megabyte. */
function expectSame(found: Uint8Array, expected: Uint8Array): void {
  expect(found.length).toBe(expected.length);
  expect(Buffer.compare(found, expected)).toBe(0);
}

describe('a volume', () => {
  test('gives boot.cfg its plain short name and no long one', () => {
    const { bytes, volume } = newVolume();
    volume.write('/boot.cfg', payload(1024, 1));
    volume.flush();
    const root = bytes.subarray(72 * 512, 72 * 512 + 64);
    expect(root.toString('latin1', 0, 11)).toBe('BOOT    CFG');
    expect(root.subarray(32).every((byte) => byte === 0)).toBe(true);
    expect(volume.list()).toMatchObject([{ name: 'boot.cfg', shortName: 'BOOT.CFG', size: 1024 }]);
  });

  test('shows every other reader what was written only after a flush', () => {
    const { device, volume } = newVolume();
    volume.mkdir('/EFI/BOOT', { time: 1_700_000_000 });
    volume.write('/EFI/BOOT/BOOTX64.EFI', payload(3000, 1), { time: 1_700_000_000 });
    volume.write('/A name with capitals, and long.txt', payload(5, 2));
    expect(openFat(device).list()).toEqual([]);
    volume.writeBack();
    const again = openFat(device);
    expect(again.walk().map(({ path }) => path)).toEqual([
      '/EFI',
      '/A name with capitals, and long.txt',
      '/EFI/BOOT',
      '/EFI/BOOT/BOOTX64.EFI',
    ]);
    expectSame(again.read('/efi/boot/bootx64.efi'), payload(3000, 1));
    expectSame(again.read('ANAMEW~1.TXT'), payload(5, 2));
    expect(again.stat('/EFI/BOOT/BOOTX64.EFI')?.time).toBe(1_700_000_000);
    expect(again.stat('/A name with capitals, and long.txt')?.time).toBe(315_532_800);
    expect(again.check()).toEqual([]);
  });

  test('writes a file that comes in chunks, and refuses chunks of another length', () => {
    const { volume } = newVolume();
    const content = payload(10_000, 3);
    const chunks = [content.subarray(0, 1), content.subarray(1, 700), content.subarray(700)];
    volume.write('/f', { size: 10_000, chunks });
    expectSame(volume.read('/f'), content);
    const free = volume.freeBytes;
    expect(codeOf(() => volume.write('/g', { size: 5, chunks }))).toBe('fat.content-size');
    expect(codeOf(() => volume.write('/g', { size: 10_001, chunks }))).toBe('fat.content-size');
    expect(volume.freeBytes).toBe(free);
    expect(volume.stat('/g')).toBeUndefined();
  });

  test('places a file in one run where there is one, in one write', () => {
    const { device, volume } = newVolume();
    for (const name of ['a', 'b', 'c']) volume.write(`/${name}`, payload(100_000, 1));
    volume.remove('/b');
    volume.flush();
    volume.write('/big', payload(300_000, 2));
    expect(volume.extents('/big')).toHaveLength(1);
    volume.write('/small', payload(90_000, 3));
    const [first] = volume.extents('/c');
    expect(volume.extents('/small')[0]!.offset).toBeLessThan(first!.offset);
    volume.flush();
    expect(openFat(device).check()).toEqual([]);
  });

  test('breaks a file into runs where no run is long enough', () => {
    const { volume } = newVolume();
    const names = Array.from({ length: 30 }, (_, i) => `/f${i}`);
    for (const name of names) volume.write(name, payload(128_000, 1));
    for (const name of names.filter((_, i) => i % 2)) volume.remove(name);
    volume.flush();
    volume.write('/pieces', payload(600_000, 4));
    expect(volume.extents('/pieces').length).toBeGreaterThan(1);
    expectSame(volume.read('/pieces'), payload(600_000, 4));
    expectSame(
      volume.readRange('/pieces', 127_990, 300_000),
      payload(600_000, 4).subarray(127_990, 427_990),
    );
  });

  test('overwrites in place: these bytes on the device change, and nothing else', () => {
    const { bytes, device } = newVolume();
    const writer = openFat(device);
    writer.write('/boot.cfg', payload(1024, 5));
    writer.flush();
    const before = Buffer.from(bytes);
    const recorder = recordingDevice(device);
    const volume = openFat(recorder);
    const [place] = volume.extents('/boot.cfg');
    volume.overwrite('/boot.cfg', 40, Buffer.from('2'));
    volume.flush();
    expect(recorder.written()).toEqual([{ offset: place!.offset + 40, length: 1 }]);
    before[place!.offset + 40] = 0x32;
    expect(bytes.equals(before)).toBe(true);
    expect(codeOf(() => volume.overwrite('/boot.cfg', 1020, new Uint8Array(5)))).toBe(
      'fat.out-of-file',
    );
  });

  test('replaces a file and keeps the name it had', () => {
    const { volume } = newVolume();
    volume.write('/Some Name.txt', payload(100, 1));
    volume.write('/SOME NAME.TXT', payload(5000, 2));
    expect(volume.list().map(({ name, size }) => [name, size])).toEqual([['Some Name.txt', 5000]]);
    expectSame(volume.read('/some name.txt'), payload(5000, 2));
  });

  test('replaces a file that has no room beside its old content', () => {
    const { volume } = newVolume();
    volume.write('/big', payload(3_000_000, 1));
    volume.flush();
    volume.write('/big', payload(3_500_000, 2));
    volume.flush();
    expectSame(volume.read('/big'), payload(3_500_000, 2));
    expect(volume.check()).toEqual([]);
    expect(codeOf(() => volume.write('/big', payload(4_190_000, 3)))).toBe('fat.no-space');
    expectSame(volume.read('/big'), payload(3_500_000, 2));
  });

  test('uses the room of removed files, after they are gone on disk', () => {
    const { volume } = newVolume();
    volume.write('/old', payload(4_000_000, 1));
    volume.flush();
    volume.remove('/old');
    expect(volume.freeBytes).toBeGreaterThan(4_100_000);
    volume.write('/new', payload(4_000_000, 2));
    volume.flush();
    expect(volume.check()).toEqual([]);
    expectSame(volume.read('/new'), payload(4_000_000, 2));
  });

  test('grows directories, and says when the root is full', () => {
    const { device, volume } = newVolume();
    volume.mkdir('/many');
    for (let i = 0; i < 300; i++)
      volume.write(`/many/a rather long file name ${i}`, payload(10, i));
    volume.flush();
    const again = openFat(device);
    expect(again.list('/many')).toHaveLength(300);
    expectSame(again.read('/many/a rather long file name 299'), payload(10, 299));
    expect(again.check()).toEqual([]);
    const fill = () => {
      for (let i = 0; i < 600; i++) again.write(`/f${i}`, new Uint8Array());
    };
    expect(codeOf(fill)).toBe('fat.directory-full');
    expect(again.list()).toHaveLength(512);
    again.flush();
    expect(openFat(device).check()).toEqual([]);
  });

  test('does not take rubbish behind the end of a directory for files', () => {
    const { bytes, device } = newVolume();
    bytes.fill('GHOST', 73 * 512, 74 * 512);
    const volume = openFat(device);
    for (let i = 0; i < 16; i++) volume.write(`/f${i}`, payload(10, i));
    volume.flush();
    expect(openFat(device).list()).toHaveLength(16);
    expect(openFat(device).check()).toEqual([]);
  });

  test('says in one sentence what cannot be done', () => {
    const { volume } = newVolume();
    volume.mkdir('/dir');
    volume.write('/dir/file', payload(1, 1));
    expect(() => volume.read('/nothing')).toThrow(
      '/nothing: expected a file or directory, found none',
    );
    expect(codeOf(() => volume.read('/dir'))).toBe('fat.is-directory');
    expect(codeOf(() => volume.write('/dir', payload(1, 1)))).toBe('fat.is-directory');
    expect(codeOf(() => volume.write('/no/file', payload(1, 1)))).toBe('fat.not-found');
    expect(codeOf(() => volume.mkdir('/dir/file/sub'))).toBe('fat.not-directory');
    expect(codeOf(() => volume.list('/dir/file'))).toBe('fat.not-directory');
    expect(codeOf(() => volume.remove('/dir'))).toBe('fat.not-empty');
    expect(codeOf(() => volume.write('/a:b', payload(1, 1)))).toBe('fat.name');
    expect(codeOf(() => volume.mkdir('/..'))).toBe('fat.name');
    expect(codeOf(() => volume.write('/big', payload(5_000_000, 1)))).toBe('fat.no-space');
  });

  test('writes the same bytes for the same calls', () => {
    const make = () => {
      const { bytes, volume } = newVolume({ label: 'same' });
      volume.mkdir('/a/b');
      for (let i = 0; i < 20; i++) volume.write(`/a/b/file number ${i}`, payload(i * 500, i));
      volume.remove('/a/b/file number 3');
      volume.flush();
      return bytes;
    };
    expect(make().equals(make())).toBe(true);
  });

  test('takes back what it had begun when the device fails', () => {
    const { bytes, volume: before } = newVolume();
    before.write('/kept', payload(2000, 1));
    before.flush();
    const inner = memoryDevice(bytes);
    let failures = 0;
    const failing = {
      ...inner,
      write(offset: number, data: Uint8Array) {
        if (data.length > 100_000) {
          failures++;
          throw new TwinbankError('io', 'file.no-space', 'no space');
        }
        inner.write(offset, data);
      },
    };
    const volume = openFat(failing);
    const free = volume.freeBytes;
    expect(codeOf(() => volume.write('/new', payload(200_000, 2)))).toBe('file.no-space');
    expect(codeOf(() => volume.write('/kept', payload(200_000, 2)))).toBe('file.no-space');
    expect(failures).toBe(2);
    expect(volume.freeBytes).toBe(free);
    volume.flush();
    expect(openFat(inner).check()).toEqual([]);
    expect(openFat(inner).read('/kept')).toEqual(payload(2000, 1));
  });
});
