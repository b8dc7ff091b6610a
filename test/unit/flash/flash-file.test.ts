import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import type { ProgressEvent } from '../../../src/diagnostics/progress.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { createBmap, encodeBmap } from '../../../src/disk/bmap.ts';
import { openFileDevice } from '../../../src/disk/file-device.ts';
import { readGpt } from '../../../src/disk/gpt.ts';
import { readProtectiveMbr } from '../../../src/disk/mbr.ts';
import { planQcow2, writeQcow2 } from '../../../src/disk/qcow2/writer.ts';
import { nonZeroExtents } from '../../../src/disk/sparse.ts';
import { compareData, copyData } from '../../../src/flash/copy-data.ts';
import { type FlashFileRequest, flashFile } from '../../../src/flash/flash-file.ts';
import { smallImage } from '../bootloader/small-image.ts';

const whole = smallImage().bytes;
let folder: string;
let image: string;
let target: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-flash-'));
  image = join(folder, 'x.img');
  mkdirSync(join(folder, 'to'));
  target = join(folder, 'to', 'disk.img');
  writeFileSync(image, whole);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function flash(request: Partial<FlashFileRequest> = {}) {
  return flashFile({ image, target, report: () => {}, ...request });
}

function writeBmap(bytes: Uint8Array = whole, name = 'x.bmap'): void {
  const device = memoryDevice(bytes);
  writeFileSync(join(folder, name), encodeBmap(createBmap(device, nonZeroExtents(device))));
}

const left = () => readdirSync(join(folder, 'to'));

describe('a loader that no manifest lists', () => {
  test.each([false, true])('is not flashed, with a block map of it: %s', async (bmap) => {
    const bytes = Buffer.from(whole);
    bytes[34 * 512 + 700]! ^= 1;
    writeFileSync(image, bytes);
    if (bmap) writeBmap(bytes);
    await expect(flash()).rejects.toMatchObject({
      ...{ code: 'flash.damaged', data: { code: 'loader.other' } },
      message: expect.stringContaining('x.img: expected an image without damage, found: loader: '),
    });
    expect(left()).toEqual([]);
  });
});

describe('flashing to a new file', () => {
  test('makes a sparse copy of the image, checked by what is in it', async () => {
    const result = await flash();
    expect(readFileSync(target).equals(whole)).toBe(true);
    expect(result).toMatchObject({ size: whole.length, checkedBy: 'contents' });
    expect(result.dataBytes).toBeLessThan(600_000);
    expect(statSync(target).blocks * 512).toBeLessThan(2 ** 20);
    expect(left()).toEqual(['disk.img']);
  });

  test.each(['x.bmap', 'x.img.bmap'])('uses the block map %s beside it', async (name) => {
    writeBmap(whole, name);
    expect(await flash()).toMatchObject({ checkedBy: 'bmap' });
    expect(readFileSync(target).equals(whole)).toBe(true);
  });

  test('copies what was written outside the block map since it was made', async () => {
    writeBmap();
    utimesSync(join(folder, 'x.bmap'), 1, 1);
    const changed = Buffer.from(whole);
    changed.write('a log, say', 17 * 2 ** 20);
    writeFileSync(image, changed);
    await flash();
    expect(readFileSync(target).equals(changed)).toBe(true);
  });

  test('takes a qcow2 image', async () => {
    const device = memoryDevice(whole);
    const plan = planQcow2(device, nonZeroExtents(device));
    const path = join(folder, 'x.qcow2');
    const file = openFileDevice(path, { create: true, size: plan.fileSize });
    writeQcow2(device, plan, file);
    file.close();
    await flash({ image: path });
    expect(readFileSync(target).equals(whole)).toBe(true);
  });

  test('tells its three steps and how far it is', async () => {
    const events: ProgressEvent[] = [];
    const { dataBytes } = await flash({ report: (event) => events.push(event) });
    expect(events.filter(({ type }) => type === 'step')).toHaveLength(3);
    for (const task of ['write', 'compare']) {
      const last = events.findLast((event) => event.type === 'progress' && event.task === task);
      expect(last).toMatchObject({ done: dataBytes, total: dataBytes, unit: 'bytes' });
    }
  });

  test('of a larger size puts the backup GPT at its end', async () => {
    const size = 64 * 2 ** 20;
    expect(await flash({ size })).toMatchObject({ size });
    const disk = memoryDevice(readFileSync(target));
    expect(disk.size).toBe(size);
    const { findings, alternateLba, diskGuid, partitions } = readGpt(disk);
    expect(findings).toEqual([]);
    expect(alternateLba).toBe(size / 512 - 1);
    expect(readProtectiveMbr(disk).findings).toEqual([]);
    const before = readGpt(memoryDevice(whole));
    expect([diskGuid, partitions]).toEqual([before.diskGuid, before.partitions]);
  });
});

describe('flashing over a file that is there', () => {
  beforeEach(() => writeFileSync(target, 'precious'));

  test('is refused unless it may be replaced', async () => {
    await expect(flash()).rejects.toMatchObject({ kind: 'refused', code: 'flash.target-exists' });
    expect(readFileSync(target, 'utf8')).toBe('precious');
    await flash({ overwrite: true });
    expect(readFileSync(target).equals(whole)).toBe(true);
  });

  test('is refused where the file has come meanwhile, too', async () => {
    rmSync(target);
    const report = (event: ProgressEvent): void => {
      if (event.type === 'done' && event.task === 'compare') writeFileSync(target, 'precious');
    };
    const failed = flash({ report });
    await expect(failed).rejects.toMatchObject({ kind: 'refused', code: 'flash.target-exists' });
    expect(readFileSync(target, 'utf8')).toBe('precious');
    expect(left()).toEqual(['disk.img']);
    rmSync(target);
    await flash({ overwrite: true, report });
    expect(readFileSync(target).equals(whole)).toBe(true);
  });

  test('replaces what a link leads to and leaves the link', async () => {
    const link = join(folder, 'link');
    symlinkSync(target, link);
    await flash({ target: link, overwrite: true });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target).equals(whole)).toBe(true);
  });

  test('leaves it alone when the image is wrong, even where it may be replaced', async () => {
    writeFileSync(image, whole.subarray(0, 10 * 2 ** 20));
    const failed = flash({ overwrite: true });
    await expect(failed).rejects.toMatchObject({ kind: 'corrupt', code: 'flash.damaged' });
    expect(readFileSync(target, 'utf8')).toBe('precious');
    expect(left()).toEqual(['disk.img']);
  });

  test('never takes the image for its own target', async () => {
    const failed = flash({ target: image, overwrite: true });
    await expect(failed).rejects.toMatchObject({ kind: 'refused', code: 'flash.same-file' });
    expect(readFileSync(image).equals(whole)).toBe(true);
  });
});

describe('before anything has the name of the target, it is refused', () => {
  const damaged = (change: (copy: Buffer) => void) => {
    const copy = Buffer.from(whole);
    change(copy);
    writeFileSync(image, copy);
  };

  test('to flash an image whose block map says otherwise, with a hint', async () => {
    writeBmap();
    damaged((copy) => copy.write('x', 5 * 2 ** 20 + 700));
    const failed = flash();
    await expect(failed).rejects.toMatchObject({ kind: 'corrupt', code: 'bmap.data' });
    await expect(failed).rejects.toThrow(/^.*x\.img: bytes .* remove .*x\.bmap\)$/);
    expect(left()).toEqual([]);
  });

  test('to replace a disk by an image that is damaged: it stays', async () => {
    writeBmap();
    writeFileSync(target, 'the old one');
    damaged((copy) => copy.write('x', 5 * 2 ** 20 + 700));
    await expect(flash({ overwrite: true })).rejects.toMatchObject({ code: 'bmap.data' });
    expect(left()).toEqual(['disk.img']);
    expect(readFileSync(target, 'utf8')).toBe('the old one');
  });

  test('to flash an image that is shorter than its block map', async () => {
    writeBmap();
    writeFileSync(image, whole.subarray(0, -512));
    await expect(flash()).rejects.toMatchObject({ kind: 'corrupt', code: 'flash.bmap-size' });
  });

  test('to flash a module that does not match its hash', async () => {
    const copy = smallImage();
    copy.edit(6, (volume) => volume.overwrite('boot.v00', 3, Buffer.from('zz')));
    writeFileSync(image, copy.bytes);
    const failed = flash();
    await expect(failed).rejects.toMatchObject({ kind: 'corrupt', code: 'flash.damaged' });
    await expect(failed).rejects.toThrow('bank 6: boot.v00 does not match its hash');
  });

  test('to flash an image with no bank that boots', async () => {
    const copy = smallImage();
    for (const bank of [5, 6]) copy.mark(bank, { bootstate: '3', verdict: 'R' });
    writeFileSync(image, copy.bytes);
    await expect(flash()).rejects.toMatchObject({ kind: 'corrupt', code: 'flash.no-bank' });
  });

  test('to flash what is no image, to a folder, to a folder that is missing, to too little', async () => {
    const foreign = join(folder, 'foreign.img');
    writeFileSync(foreign, Buffer.alloc(2 ** 20));
    const codes: [Partial<FlashFileRequest>, string, string][] = [
      [{ image: foreign }, 'corrupt', 'gpt.signature'],
      [{ target: folder }, 'refused', 'flash.target-special'],
      [{ target: join(folder, 'no', 'disk.img') }, 'io', 'flash.no-folder'],
      [{ size: 2 ** 20 }, 'refused', 'flash.size'],
      [{ image: join(folder, 'none.img') }, 'io', 'file.not-found'],
    ];
    for (const [request, kind, code] of codes) {
      await expect(flash(request)).rejects.toMatchObject({ kind, code });
    }
    expect(left()).toEqual([]);
  });
});

describe('when something happens on the way', () => {
  test.each(['write', 'compare'])('a signal during %s leaves nothing behind', async (task) => {
    const abort = new AbortController();
    let fired = false;
    const failed = flash({
      signal: abort.signal,
      report(event) {
        if (event.type !== 'progress' || event.task !== task) return;
        fired = true;
        abort.abort(new Error('stop'));
      },
    });
    await expect(failed).rejects.toThrow('stop');
    expect(fired).toBe(true);
    expect(left()).toEqual([]);
  });

  test('a full disk leaves nothing behind, and is told by the name of the target', async () => {
    const failed = flash({
      report(event) {
        if (event.type !== 'progress' || event.task !== 'write') return;
        const path = join(folder, 'to', left()[0]!);
        throw new TwinbankError('io', 'file.no-space', `${path}: could not write it: no space`);
      },
    });
    await expect(failed).rejects.toMatchObject({ kind: 'io', code: 'file.no-space' });
    await expect(failed).rejects.toThrow(`${target}: could not write it: no space`);
    expect(left()).toEqual([]);
  });

  test('data that do not read back are noticed, with the place', async () => {
    const work = { task: 'x', report: () => {} };
    const extents = [{ offset: 0, length: 3 * 2 ** 20 }];
    const source = memoryDevice(whole);
    const other = memoryDevice(new Uint8Array(whole.length));
    await copyData(source, other, extents, work);
    await expect(compareData(source, other, extents, work)).resolves.toBeUndefined();
    other.write(2 ** 20 + 5, Uint8Array.of(1 + source.read(2 ** 20 + 5, 1)[0]!));
    await expect(compareData(source, other, extents, work)).rejects.toMatchObject({
      kind: 'io',
      code: 'flash.read-back',
      data: { offset: 2 ** 20 + 5 },
    });
  });
});
