import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findDisks } from '../../../../../src/runtime/vmkernel/storage/disk-facts.ts';

let sys: string;
beforeEach(() => {
  sys = mkdtempSync(join(tmpdir(), 'sys-'));
});
afterEach(() => rmSync(sys, { recursive: true }));

/** A disk as sysfs has it: a folder below `devices`, and a link to it in `block`. */
function add(path: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  const folder = `${sys}/devices/${path}`;
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries({ size: '2048\n', ...files })) {
    mkdirSync(dirname(`${folder}/${name}`), { recursive: true });
    writeFileSync(`${folder}/${name}`, text);
  }
  mkdirSync(`${sys}/block`, { recursive: true });
  symlinkSync(folder, `${sys}/block/${path.slice(path.lastIndexOf('/') + 1)}`);
}

describe('B4: the disks that the kernel has found', () => {
  it('are told of in the order of their places, with what sysfs says of them', () => {
    add('pci0000:00/0000:00:1f.2/ata3/host2/target2:0:0/2:0:0:0/block/sdb', {
      'device/vendor': 'ATA     \n',
      'device/model': 'QEMU HARDDISK   \n',
      'device/vpd_pg80': Buffer.from('\0\x80\0\x07QM00005', 'latin1'),
      'device/wwid': 't10.ATA     QEMU HARDDISK\n',
      'queue/logical_block_size': '512\n',
      'sdb1/partition': '1\n',
      'sdb2/partition': '2\n',
      'sdb2/holders/dm-0/x': '',
      ro: '1\n',
      diskseq: '9\n',
    });
    mkdirSync(`${sys}/devices/pci0000:00/0000:00:1f.2/ata3/ata_port/ata3`, { recursive: true });
    writeFileSync(`${sys}/devices/pci0000:00/0000:00:1f.2/ata3/ata_port/ata3/port_no`, '3\n');
    add('pci0000:00/0000:00:04.0/virtio1/block/vda', { serial: 'S-1', 'device/vendor': '0x1af4' });
    const [first, second] = findDisks(sys);
    expect(first).toEqual({
      ...{ device: 'vda', adapter: 'pci0000:00/04.0', address: 'C0:T0:L0' },
      ...{ bytes: 2 ** 20, sectorBytes: 512, vendor: '', model: '', serial: 'S-1' },
      ...{ worldWideName: '', isRemovable: false, isReadOnly: false, network: undefined },
      ...{ holders: [], partitions: [], sequence: '' },
    });
    expect(second).toMatchObject({
      ...{ device: 'sdb', adapter: 'pci0000:00/1f.2', address: 'C2:T0:L0' },
      ...{ vendor: 'ATA', model: 'QEMU HARDDISK', serial: 'QM00005', worldWideName: '' },
      ...{ isReadOnly: true, holders: ['dm-0'], sequence: '9' },
    });
    expect(second?.partitions).toEqual([
      { number: 1, device: 'sdb1' },
      { number: 2, device: 'sdb2' },
    ]);
  });

  it('are neither parts of others nor memory nor drives of discs', () => {
    for (const name of ['loop0', 'ram1', 'dm-0', 'md127', 'sr0', 'nbd0', 'zram0']) {
      add(`virtual/block/${name}`, {});
    }
    expect(findDisks(sys)).toEqual([]);
  });

  it('are removable on USB, and shared by Fibre Channel and iSCSI', () => {
    add('pci0000:00/0000:00:06.0/usb2/2-1/2-1:1.0/host7/target7:0:0/7:0:0:0/block/sda', {});
    add('pci0000:00/0000:00:07.0/host8/rport-8:0-0/target8:0:0/8:0:0:0/block/sdb', {});
    add('platform/host9/session1/target9:0:0/9:0:0:0/block/sdc', {});
    mkdirSync(`${sys}/class/fc_host/host8`, { recursive: true });
    mkdirSync(`${sys}/class/iscsi_host/host9`, { recursive: true });
    const found = findDisks(sys).map((disk) => [disk.device, disk.isRemovable, disk.network]);
    expect(found).toEqual([
      ['sda', true, undefined],
      ['sdb', false, 'Fibre Channel'],
      ['sdc', false, 'iSCSI'],
    ]);
  });

  it('are at the first of their controllers where several may have one (NVMe)', () => {
    const controller = `${sys}/devices/pci0000:00/0000:02:00.0/nvme/nvme0`;
    mkdirSync(controller, { recursive: true });
    const subsystem = `${sys}/devices/virtual/nvme-subsystem/nvme-subsys0`;
    add('virtual/nvme-subsystem/nvme-subsys0/nvme0n1', { nsid: '1', wwid: 'eui.0025385\n' });
    symlinkSync(controller, `${subsystem}/nvme0`);
    symlinkSync(subsystem, `${subsystem}/nvme0n1/device`);
    expect(findDisks(sys)).toMatchObject([
      {
        ...{ adapter: 'pci0000:00/00.0', address: 'C0:T0:L0' },
        worldWideName: 'eui.0025385',
      },
    ]);
  });
});
