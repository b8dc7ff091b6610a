import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBmap, decodeBmap, encodeBmap } from '../../../src/disk/bmap.ts';
import { recordingDevice } from '../../../src/disk/extents.ts';
import { formatFat16 } from '../../../src/disk/fat/format.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import { openFileDevice } from '../../../src/disk/file-device.ts';
import { openImage } from '../../../src/disk/open-image.ts';
import { planQcow2, writeQcow2 } from '../../../src/disk/qcow2/writer.ts';
import { copyExtents, nonZeroExtents } from '../../../src/disk/sparse.ts';
import { writeVmdkFile } from '../../../src/disk/vmdk/file.ts';
import { verifyBmap } from '../../support/verify-bmap.ts';
import { mebibyte, payload } from '../../unit/disk/fat/trees.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

let folder = '';
let raw = '';
let extents: ReturnType<ReturnType<typeof recordingDevice>['written']> = [];
const at = (name: string) => join(folder, name);

/** A volume of 540 MiB with some files in it, and what was written to make it. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-images-'));
  raw = at('raw.img');
  const file = openFileDevice(raw, { create: true, size: 540 * mebibyte });
  const device = recordingDevice(file);
  formatFat16(device, { serial: 1 });
  const volume = openFat(device);
  for (let i = 0; i < 4; i++) volume.write(`/file${i}`, payload(1_000_000 + i, i));
  volume.flush();
  extents = device.written();
  file.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

function pack(target: string): void {
  const source = openFileDevice(raw);
  const plan = planQcow2(source, extents);
  const file = openFileDevice(target, { create: true, size: plan.fileSize });
  writeQcow2(source, plan, file);
  file.close();
  source.close();
}

judgedBy(['qemu-img'], () => {
  test('our qcow2 has no errors, holds the same disk, and is small', () => {
    const packed = at('ours.qcow2');
    pack(packed);
    expect(judge('qemu-img', ['check', '-f', 'qcow2', packed])).toContain('No errors were found');
    judge('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', raw, packed]);
    expect(statSync(packed).size).toBeLessThan(7 * mebibyte);
    const info = JSON.parse(judge('qemu-img', ['info', '--output=json', packed]));
    expect(info).toMatchObject({ format: 'qcow2', 'virtual-size': 540 * mebibyte });
  });

  test('our qcow2 has the same bytes each time', () => {
    pack(at('one.qcow2'));
    pack(at('two.qcow2'));
    expect(readFileSync(at('one.qcow2')).equals(readFileSync(at('two.qcow2')))).toBe(true);
  });

  test.each([
    ['compat=1.1'],
    ['compat=0.10'],
    ['compat=1.1,cluster_size=4096'],
    ['compat=1.1,cluster_size=2M,lazy_refcounts=on'],
  ])('its qcow2 with %s is read by us as the same disk', (options) => {
    const packed = at('theirs.qcow2');
    judge('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', '-o', options, raw, packed]);
    const image = openImage(packed);
    expect([image.format, image.device.size]).toEqual(['qcow2', 540 * mebibyte]);
    const volume = openFat(image.device);
    expect(volume.check()).toEqual([]);
    expect(Buffer.compare(volume.read('/file3'), payload(1_000_003, 3))).toBe(0);
    image.close();
  });

  test('its compressed, encrypted or layered qcow2 is refused with the reason', () => {
    const compressed = at('compressed.qcow2');
    judge('qemu-img', ['convert', '-c', '-f', 'raw', '-O', 'qcow2', raw, compressed]);
    const image = openImage(compressed);
    expect(() => openFat(image.device)).toThrow(/found a compressed one .* qemu-img convert/);
    image.close();
    const layered = at('layered.qcow2');
    judge('qemu-img', ['create', '-f', 'qcow2', '-b', compressed, '-F', 'qcow2', layered]);
    expect(() => openImage(layered)).toThrow(/found one with a backing file/);
    const encrypted = at('encrypted.qcow2');
    judge('qemu-img', [
      ...['create', '-f', 'qcow2', '--object', 'secret,id=s,data=secret'],
      ...['-o', 'encrypt.format=aes,encrypt.key-secret=s', encrypted, '1M'],
    ]);
    expect(() => openImage(encrypted)).toThrow(/expected an unencrypted image/);
  });

  test.each(['streamOptimized', 'monolithicSparse'] as const)(
    'our VMDK of type %s has no errors, and holds the same disk',
    async (type) => {
      const packed = at(`${type}.vmdk`);
      const device = openFileDevice(raw);
      await writeVmdkFile(packed, { device, extents }, { type, fileName: `${type}.vmdk` });
      device.close();
      judge('qemu-img', ['compare', '-f', 'raw', '-F', 'vmdk', raw, packed]);
      expect(judge('qemu-img', ['check', '-f', 'vmdk', packed])).toContain('No errors were found');
      expect(statSync(packed).size).toBeLessThan(7 * mebibyte);
      const info = JSON.parse(judge('qemu-img', ['info', '--output=json', packed]));
      expect(info['virtual-size']).toBe(540 * mebibyte);
      expect(info['format-specific'].data).toMatchObject({
        'create-type': type,
        'parent-cid': 4294967295,
      });
    },
  );

  test.each(['streamOptimized', 'monolithicSparse'])(
    'its VMDK of type %s is read by us as the same disk',
    (type) => {
      const packed = at('theirs.vmdk');
      const options = ['-O', 'vmdk', '-o', `subformat=${type}`];
      judge('qemu-img', ['convert', '-f', 'raw', ...options, raw, packed]);
      const image = openImage(packed);
      expect([image.format, image.device.size]).toEqual(['vmdk', 540 * mebibyte]);
      const volume = openFat(image.device);
      expect(volume.check()).toEqual([]);
      expect(Buffer.compare(volume.read('/file3'), payload(1_000_003, 3))).toBe(0);
      image.close();
    },
  );

  test('its VMDK in parts, and its changes to another one, are refused with the reason', () => {
    const parts = at('parts.vmdk');
    const convert = ['convert', '-f', 'raw', '-O', 'vmdk'];
    judge('qemu-img', [...convert, '-o', 'subformat=twoGbMaxExtentSparse', raw, parts]);
    expect(() => openImage(parts)).toThrow(/found the descriptor of a VMDK disk; qemu-img convert/);
    expect(() => openImage(at('parts-s001.vmdk'))).toThrow(
      /expected (a descriptor in the file|createType streamOptimized or)/,
    );
    judge('qemu-img', [...convert, raw, at('parent.vmdk')]);
    const child = ['create', '-f', 'vmdk', '-b', at('parent.vmdk'), '-F', 'vmdk', at('child.vmdk')];
    judge('qemu-img', child);
    expect(() => openImage(at('child.vmdk'))).toThrow(/expected a disk of its own/);
  });
});

judgedBy(['bmaptool'], () => {
  test('our bmap copies the image, checked range by range', () => {
    const source = openFileDevice(raw);
    const bmap = createBmap(source, extents);
    writeFileSync(at('raw.bmap'), encodeBmap(bmap));
    verifyBmap(source, bmap);
    source.close();
    judge('bmaptool', ['copy', '--bmap', at('raw.bmap'), raw, at('copied.img')]);
    expect(execFileSync('cmp', [raw, at('copied.img')]).length).toBe(0);
  });

  test('our bmap with a wrong range or a changed text is refused by it', () => {
    const source = openFileDevice(raw);
    const bmap = createBmap(source, extents);
    source.close();
    const ranges = bmap.ranges.map((range) => ({ ...range, sha256: 'a'.repeat(64) }));
    writeFileSync(at('wrong.bmap'), encodeBmap({ ...bmap, ranges }));
    const copy = () => judge('bmaptool', ['copy', '--bmap', at('wrong.bmap'), raw, at('c.img')]);
    expect(copy).toThrow(/checksum mismatch/);
    writeFileSync(at('wrong.bmap'), encodeBmap(bmap).replace('may be left', 'can be left'));
    expect(copy).toThrow(/checksum/);
  });

  test('its bmap is read by us', () => {
    judge('bmaptool', ['create', '-o', at('theirs.bmap'), raw]);
    const bmap = decodeBmap(readFileSync(at('theirs.bmap'), 'utf8'));
    expect(bmap.imageSize).toBe(540 * mebibyte);
    const source = openFileDevice(raw);
    verifyBmap(source, bmap);
    source.close();
  });
});

test('a sparse copy is the same image and takes no more room', () => {
  const source = openFileDevice(raw);
  const target = openFileDevice(at('sparse.img'), { create: true, size: source.size });
  let progress = 0;
  copyExtents(source, target, nonZeroExtents(source, { extents }), (bytes) => {
    progress = bytes;
  });
  target.close();
  source.close();
  expect(progress).toBeGreaterThan(4_000_000);
  expect(execFileSync('cmp', [raw, at('sparse.img')]).length).toBe(0);
  expect(statSync(at('sparse.img')).blocks).toBeLessThanOrEqual(statSync(raw).blocks);
});
