import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { judge, judgedBy } from '../components/foreign-tool.ts';
import { builtImage } from './built-image.ts';

judgedBy(['sgdisk', 'sfdisk', 'qemu-img', 'flock'], () => {
  const image = builtImage();
  const bytesAt = (offset: number, length: number): Buffer => {
    const file = openSync(image.raw, 'r');
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, offset);
    closeSync(file);
    return bytes;
  };

  test('sgdisk finds nothing to complain about', () => {
    const said = judge('sgdisk', ['-v', image.raw]);
    expect(said).toContain('No problems found.');
    expect(said).not.toMatch(/Caution|Warning/);
  });

  test('sfdisk sees the contract: numbers, names, types, sizes, one after the other without a gap', () => {
    const { partitiontable } = JSON.parse(judge('sfdisk', ['-J', image.raw]));
    expect(partitiontable).toMatchObject({ label: 'gpt', sectorsize: 512 });
    const basic = 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7';
    type Row = { node: string; start: number; size: number; type: string; name: string };
    const rows = (partitiontable.partitions as Row[]).map(({ node, start, size, type, name }) => {
      return [Number(/\d+$/.exec(node)?.[0]), name, type, start, size];
    });
    const byPlace = [...rows].sort((a, b) => Number(a[3]) - Number(b[3]));
    expect(byPlace).toEqual([
      [14, 'bios-boot', '21686148-6449-6E6F-744E-656564454649', 34, 2014],
      [1, 'bootloader', 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B', 2048, 4 * 2048],
      [5, 'bootbank1', basic, 2048 * 5, 48 * 2048],
      [6, 'bootbank2', basic, 2048 * 53, 48 * 2048],
      [7, 'coredump', '9D275380-40AD-11DB-BF97-000C2911D1B8', 2048 * 101, 110 * 2048],
      [8, 'store', basic, 2048 * 211, 540 * 2048],
    ]);
  });

  test('the protective MBR has one entry, EE from LBA 1 to the end, not active', () => {
    const entries = bytesAt(446, 64);
    const sectors = statSync(image.raw).size / 512;
    expect(entries[0]).toBe(0);
    expect(entries[4]).toBe(0xee);
    expect(entries.readUInt32LE(8)).toBe(1);
    expect(entries.readUInt32LE(12)).toBe(sectors - 1);
    expect(entries.subarray(16).every((byte) => byte === 0)).toBe(true);
    expect(bytesAt(510, 2)).toEqual(Buffer.from([0x55, 0xaa]));
  });

  test('boot.img leads to the core image at LBA 34, which leads to its own next sector', () => {
    expect(bytesAt(0x5c, 8).readBigUInt64LE()).toBe(34n);
    const core = bytesAt(34 * 512, 512);
    expect(core.readBigUInt64LE(0x1f4)).toBe(35n);
    expect(core.readUInt16LE(0x1fe)).toBe(0x820);
  });

  test("both banks have the original family's mark in their second sector, with UUIDs of their own", () => {
    const [first, second] = [5, 53].map((MiB) => bytesAt(MiB * 2 ** 20 + 512, 512)) as [
      Buffer,
      Buffer,
    ];
    for (const sector of [first, second]) {
      expect(sector.toString('latin1', 0, 16)).toBe('VMWARE FAT16    ');
      expect(sector.subarray(16, 32).every((byte) => byte === 0)).toBe(false);
      expect(sector.subarray(32).every((byte) => byte === 0)).toBe(true);
    }
    expect(first.equals(second)).toBe(false);
  });

  test('QEMU finds the qcow2 whole, and the same disk in it as in the raw image', () => {
    expect(judge('qemu-img', ['check', image.qcow2])).toContain('No errors were found');
    expect(judge('qemu-img', ['compare', image.raw, image.qcow2])).toContain('identical');
  });

  test('and the same of the VMDK', () => {
    expect(judge('qemu-img', ['check', image.vmdk])).toContain('No errors were found');
    expect(judge('qemu-img', ['compare', image.raw, image.vmdk])).toContain('identical');
  });
});

judgedBy(['bmaptool', 'flock'], () => {
  const image = builtImage();

  test('bmaptool copies the image by our block map, checking each range', () => {
    const copy = join(image.program.folder, 'copy.img');
    const bmap = image.raw.replace(/img$/, 'bmap');
    judge('bmaptool', ['copy', '--bmap', bmap, image.raw, copy]);
    expect(judge('cmp', [image.raw, copy])).toBe('');
  });
});
