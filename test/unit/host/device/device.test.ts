import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { partitionExtents, readDeviceFacts } from '../../../../src/host/device/device-facts.ts';
import { deviceUses } from '../../../../src/host/device/device-uses.ts';
import { isLocked } from '../../../../src/host/device/file-locks.ts';
import { deviceNumber, type SystemFolders } from '../../../../src/host/device/sysfs.ts';

let root: string;
let folders: SystemFolders;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'twinbank-sysfs-'));
  folders = { sys: join(root, 'sys'), proc: join(root, 'proc'), run: join(root, 'run') };
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof content === 'string' ? `${content}\n` : content);
}

function link(path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(relative(dirname(join(root, path)), join(root, target)), join(root, path));
}

/** A device's folder in sysfs, with what is in each of its files. */
function device(number: string, folder: string, files: Record<string, string>): void {
  for (const [name, content] of Object.entries({ dev: number, ...files })) {
    put(`sys/devices/${folder}/${name}`, content);
  }
  link(`sys/dev/block/${number}`, `sys/devices/${folder}`);
}

/** A USB stick of 7,864,320 sectors with one partition, as Linux 6.1 shows it. */
function stick(): void {
  const usb = 'usb1/1-4';
  const scsi = `${usb}/1-4:1.0/host6/target6:0:0/6:0:0:0`;
  const disk = `${scsi}/block/sdb`;
  put(`sys/devices/${usb}/idVendor`, '0781');
  put(`sys/devices/${usb}/product`, 'Ultra');
  put(`sys/devices/${usb}/serial`, '4C530001');
  put(`sys/devices/${scsi}/vendor`, 'SanDisk ');
  put(`sys/devices/${scsi}/model`, 'Ultra           ');
  device('8:16', disk, { size: '7864320', ro: '0', removable: '1' });
  put(`sys/devices/${disk}/queue/logical_block_size`, '512');
  put(`sys/devices/${disk}/queue/physical_block_size`, '4096');
  link(`sys/devices/${disk}/device`, `sys/devices/${scsi}`);
  device('8:17', `${disk}/sdb1`, { partition: '1', size: '2048', ro: '0' });
}

const facts = (number: string) => readDeviceFacts(number, folders);

describe('the facts of a device', () => {
  it('are those of a USB stick, whose serial number its USB device has', () => {
    stick();
    expect(facts('8:16')).toEqual({
      name: 'sdb',
      number: '8:16',
      bytes: 7864320 * 512,
      model: 'SanDisk Ultra',
      serial: '4C530001',
      logicalSector: 512,
      physicalSector: 4096,
      readOnly: false,
      removable: true,
      partOf: null,
      partitions: [{ name: 'sdb1', bytes: 2048 * 512 }],
    });
  });

  it('take the serial number that udev has found, as lsblk does', () => {
    stick();
    put('run/udev/data/b8:16', 'S:disk/by-id/x\nE:ID_SERIAL=A_B_0:0\nE:ID_SERIAL_SHORT=4C53-udev');
    expect(facts('8:16')?.serial).toBe('4C53-udev');
  });

  it('say of a partition which disk it is a part of, and have the sectors of that', () => {
    stick();
    expect(facts('8:17')).toMatchObject({ name: 'sdb1', partOf: 'sdb', physicalSector: 4096 });
  });

  it('are those of a SATA disk, whose serial number is in a SCSI page', () => {
    device('8:0', 'ata1/block/sda', { size: '4096', ro: '1', removable: '0' });
    put('sys/devices/ata1/vendor', 'ATA     ');
    put('sys/devices/ata1/model', 'Samsung SSD 870');
    put('sys/devices/ata1/vpd_pg80', Buffer.from('\0\x80\0\x0fS5Y1NG0R123456', 'latin1'));
    link('sys/devices/ata1/block/sda/device', 'sys/devices/ata1');
    expect(facts('8:0')).toMatchObject({
      model: 'Samsung SSD 870',
      serial: 'S5Y1NG0R123456',
      readOnly: true,
      partitions: [],
    });
  });

  it('are those of an NVMe disk and of a virtual one', () => {
    device('259:0', 'pci/nvme/nvme0/nvme0n1', { size: '8' });
    put('sys/devices/pci/nvme/nvme0/model', 'WDC PC SN730');
    put('sys/devices/pci/nvme/nvme0/serial', '2021ABC');
    link('sys/devices/pci/nvme/nvme0/nvme0n1/device', 'sys/devices/pci/nvme/nvme0');
    device('254:0', 'virtio0/block/vda', { size: '8', serial: 'rig-7' });
    put('sys/devices/virtio0/vendor', '0x1af4');
    link('sys/devices/virtio0/block/vda/device', 'sys/devices/virtio0');
    expect(facts('259:0')).toMatchObject({ model: 'WDC PC SN730', serial: '2021ABC' });
    expect(facts('254:0')).toMatchObject({ model: null, serial: 'rig-7' });
  });

  it('have the places of its partitions', () => {
    stick();
    const disk = 'usb1/1-4/1-4:1.0/host6/target6:0:0/6:0:0:0/block/sdb';
    put(`sys/devices/${disk}/sdb1/start`, '2048');
    expect(partitionExtents('8:16', folders)).toEqual([{ offset: 2 ** 20, length: 2 ** 20 }]);
    expect(partitionExtents('8:32', folders)).toEqual([]);
  });

  it('are none for a number that sysfs does not know', () => {
    expect(facts('8:32')).toBeUndefined();
  });
});

describe('the uses of a device', () => {
  const uses = () => deviceUses('8:16', folders);
  const mount = (number: string, place: string, source: string) =>
    put(
      'proc/self/mountinfo',
      `36 35 ${number} / ${place} rw,noatime shared:1 - ext4 ${source} rw`,
    );

  it('are none where nobody uses it', () => {
    stick();
    mount('8:1', '/', '/dev/sda1');
    expect(uses()).toEqual([]);
  });

  it('are the file systems on it and on its partitions', () => {
    stick();
    mount('8:17', '/mnt/a\\040stick', '/dev/sdb1');
    expect(uses()).toEqual([{ device: 'sdb1', what: 'mounted on /mnt/a stick', system: false }]);
  });

  it('are file systems whose number is not the device, such as btrfs', () => {
    stick();
    mount('0:42', '/', '/dev/sdb1');
    expect(uses()).toEqual([{ device: 'sdb1', what: 'mounted on /', system: true }]);
  });

  it('are swap space, and what device mapper has made of it, down to what is mounted', () => {
    stick();
    put('proc/swaps', 'Filename Type Size Used Priority\n/dev/sdb1 partition 1 0 -2');
    device('253:0', 'virtual/block/dm-0', { 'dm/name': 'vg-root', size: '8' });
    const partition = 'sys/devices/usb1/1-4/1-4:1.0/host6/target6:0:0/6:0:0:0/block/sdb/sdb1';
    link(`${partition}/holders/dm-0`, 'sys/devices/virtual/block/dm-0');
    mount('253:0', '/', '/dev/mapper/vg-root');
    expect(uses()).toEqual([
      { device: 'sdb1', what: 'swap space', system: true },
      { device: 'sdb1', what: 'a part of dm-0', system: false },
      { device: 'dm-0', what: 'mounted on /', system: true },
    ]);
  });
});

describe('the locks of a file', () => {
  it('are found by device and inode, as QEMU takes them', () => {
    put(
      'proc/locks',
      '1: OFDLCK ADVISORY  READ  -1 fe:00:1234 100 101\n2: FLOCK ADVISORY WRITE 7 08:11:9 0 EOF',
    );
    expect(isLocked({ dev: 0xfe00, ino: 1234 }, folders)).toBe(true);
    expect(isLocked({ dev: 0x0811, ino: 9 }, folders)).toBe(true);
    expect(isLocked({ dev: 0xfe00, ino: 123 }, folders)).toBe(false);
  });

  it('have the numbers of large device numbers, too', () => {
    expect(deviceNumber(0x10300)).toBe('259:0');
    expect(deviceNumber(0x1000fd05)).toBe('253:65541');
  });
});
