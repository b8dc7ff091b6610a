import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { diskDrivers } from '../../../../../src/runtime/vmkernel/coredump/disk-drivers.ts';
import { dumpCommandLine } from '../../../../../src/runtime/vmkernel/coredump/dump-command-line.ts';
import {
  encodeDumpInitramfs,
  parseLibraries,
} from '../../../../../src/runtime/vmkernel/coredump/dump-initramfs.ts';
import { crashMemory } from '../../../../../src/runtime/vmkernel/coredump/memory-range.ts';
import { moduleOrder } from '../../../../../src/runtime/vmkernel/coredump/module-order.ts';

const MiB = 2 ** 20;

describe('I5: the drivers of the dump kernel', () => {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-sys-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  /** A disk below devices, each with the module of its driver or none. */
  const disk = (name: string, devices: readonly (readonly [string, string | undefined])[]) => {
    let at = join(folder, 'devices');
    for (const [device, module] of devices) {
      at = join(at, device);
      mkdirSync(at, { recursive: true });
      if (module === undefined) continue;
      const driver = join(folder, 'bus/drivers', module);
      mkdirSync(join(folder, 'module', module), { recursive: true });
      mkdirSync(driver, { recursive: true });
      rmSync(join(driver, 'module'), { force: true });
      symlinkSync(join(folder, 'module', module), join(driver, 'module'));
      symlinkSync(driver, join(at, 'driver'));
    }
    const link = join(folder, 'class/block', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(at, link);
    return diskDrivers(name, folder);
  };

  it('are those bound to the devices above the disk, the bus first', () => {
    expect(
      disk('vda', [
        ['pci0000:00', undefined],
        ['0000:00:03.0', 'virtio_pci'],
        ['virtio0', 'virtio_blk'],
        ['block/vda', undefined],
      ]),
    ).toEqual(['virtio_pci', 'virtio_blk']);
    expect(
      disk('sda', [
        ['pci0000:00/0000:00:1f.2', 'ahci'],
        ['ata1/host0/target0:0:0', undefined],
        ['0:0:0:0', 'sd_mod'],
        ['block/sda', undefined],
      ]),
    ).toEqual(['ahci', 'sd_mod']);
  });

  it('of NVMe with several ways to a disk are found by those ways', () => {
    mkdirSync(join(folder, 'devices/pci0000:00/0000:00:09.0'), { recursive: true });
    disk('nvme9n9', [
      ['pci0000:00/0000:00:09.0', 'nvme'],
      ['nvme/nvme9', undefined],
    ]);
    const subsystem = join(folder, 'devices/virtual/nvme-subsystem/nvme-subsys0');
    mkdirSync(join(subsystem, 'nvme0n1'), { recursive: true });
    symlinkSync(
      join(folder, 'devices/pci0000:00/0000:00:09.0/nvme/nvme9'),
      join(subsystem, 'nvme0'),
    );
    symlinkSync(join(subsystem, 'nvme0n1'), join(folder, 'class/block/nvme0n1'));
    expect(diskDrivers('nvme0n1', folder)).toEqual(['nvme']);
  });

  it('are loaded after all that they need, each once', () => {
    writeFileSync(join(folder, 'modules.dep'), '');
    const dep = [
      'kernel/drivers/ata/ahci.ko: kernel/drivers/ata/libahci.ko kernel/drivers/ata/libata.ko kernel/drivers/scsi/scsi_mod.ko',
      'kernel/drivers/ata/libahci.ko: kernel/drivers/ata/libata.ko kernel/drivers/scsi/scsi_mod.ko',
      'kernel/drivers/scsi/sd_mod.ko: kernel/lib/crc-t10dif.ko kernel/drivers/scsi/scsi_mod.ko',
      'kernel/drivers/usb/storage/usb-storage.ko:',
      '',
    ].join('\n');
    expect(moduleOrder(dep, ['ahci', 'sd_mod', 'usb_storage', 'built_in'])).toEqual([
      'kernel/drivers/scsi/scsi_mod.ko',
      'kernel/drivers/ata/libata.ko',
      'kernel/drivers/ata/libahci.ko',
      'kernel/drivers/ata/ahci.ko',
      'kernel/lib/crc-t10dif.ko',
      'kernel/drivers/scsi/sd_mod.ko',
      'kernel/drivers/usb/storage/usb-storage.ko',
    ]);
  });
});

describe('I5: the initramfs of the dump kernel', () => {
  const text = (archive: Uint8Array): string => Buffer.from(archive).toString('latin1');
  const data = Buffer.from('x');

  it('has the program, what it is linked with, and the drivers with a list in their order', () => {
    const archive = text(
      encodeDumpInitramfs({
        program: data,
        libraries: [{ path: '/lib64/ld-linux-x86-64.so.2', data }],
        drivers: ['scsi/scsi_mod.ko', 'ata/ahci.ko'].map((path) => ({ path, data })),
      }),
    );
    const names = [...archive.matchAll(/070701[0-9a-f]{104}([^\0]+)\0/g)].map(([, name]) => name);
    expect(names).toEqual([
      ...['bin', 'bin/makedumpfile', 'lib64', 'lib64/ld-linux-x86-64.so.2', 'lib', 'lib/coredump'],
      ...['lib/coredump/scsi_mod.ko', 'lib/coredump/ahci.ko', 'lib/coredump-drivers', 'TRAILER!!!'],
    ]);
    expect(archive).toContain('/lib/coredump/scsi_mod.ko\n/lib/coredump/ahci.ko\n');
  });

  it('finds libraries by what the dynamic loader says', () => {
    const listing = [
      '\tlinux-vdso.so.1 (0x00007ffd)',
      '\tliblzo2.so.2 => /lib/x86_64-linux-gnu/liblzo2.so.2 (0x00007fbf)',
      '\t/lib64/ld-linux-x86-64.so.2 (0x00007fbf)',
    ].join('\n');
    expect(parseLibraries(listing)).toEqual([
      '/lib/x86_64-linux-gnu/liblzo2.so.2',
      '/lib64/ld-linux-x86-64.so.2',
    ]);
  });
});

describe('I5: the command line of the dump kernel', () => {
  it('keeps what the hardware needs, and nothing that would make it another host or dump again', () => {
    const running =
      'console=tty0 console=ttyS0,115200n8 panic=5 oops=panic nmi_watchdog=panic crashkernel=1500M-:256M quiet twinbank.build=1.2-3 twinbank.bank=6 twinbank.partuuid=x twinbank.layers=a,b\n';
    const words = dumpCommandLine(running, { number: 7, guidBytes: 'ab'.repeat(16) }).split(' ');
    expect(words.slice(0, 5)).toEqual([
      ...['console=tty0', 'console=ttyS0,115200n8', 'quiet', 'twinbank.build=1.2-3'],
      'twinbank.bank=6',
    ]);
    expect(words).toContain('panic=10');
    expect(words).toContain('rdinit=/coredump');
    expect(words.at(-1)).toBe(`twinbank.coredump=7:${'ab'.repeat(16)}`);
    expect(words.filter((word) => /crashkernel|layers|partuuid|panic=5|nmi/.test(word))).toEqual(
      [],
    );
  });
});

describe('I5: the memory that is kept for a dump', () => {
  it.each([
    ['quiet crashkernel=1500M-:256M', { from: 1500 * MiB, kept: 256 * MiB }],
    ['crashkernel=2G-64G:256M,64G-:512M', { from: 2048 * MiB, kept: 256 * MiB }],
    ['crashkernel=192M', { from: 0, kept: 192 * MiB }],
    ['quiet', undefined],
    ['xcrashkernel=192M', undefined],
  ])('of %s is as the kernel reads it', (commandLine, expected) => {
    expect(crashMemory(commandLine)).toEqual(expected);
  });
});
