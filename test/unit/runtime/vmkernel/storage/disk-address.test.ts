import { describe, expect, it } from 'vitest';
import {
  adapterPath,
  diskAddress,
} from '../../../../../src/runtime/vmkernel/storage/disk-address.ts';

const none = { port: '', namespace: '' };

// As Linux 6.1 has them on QEMU's q35.
describe.each([
  [
    'virtio',
    'pci0000:00/0000:00:04.0/virtio1/block/vdb',
    none,
    'pci0000:00/0000:00:04.0',
    'C0:T0:L0',
  ],
  [
    'NVMe behind a port',
    'pci0000:00/0000:00:03.0/0000:02:00.0/nvme/nvme0/nvme0n2',
    { port: '', namespace: '2' },
    'pci0000:00/0000:00:03.0/0000:02:00.0',
    'C0:T0:L1',
  ],
  [
    'AHCI',
    'pci0000:00/0000:00:1f.2/ata3/host2/target2:0:0/2:0:0:0/block/sdb',
    { port: '3', namespace: '' },
    'pci0000:00/0000:00:1f.2',
    'C2:T0:L0',
  ],
  [
    'SCSI',
    'pci0000:00/0000:00:05.0/virtio2/host6/target6:0:3/6:0:3:1/block/sdc',
    none,
    'pci0000:00/0000:00:05.0',
    'C0:T3:L1',
  ],
  [
    'USB',
    'pci0000:00/0000:00:06.0/usb2/2-1/2-1:1.0/host7/target7:0:0/7:0:0:0/block/sdd',
    none,
    'pci0000:00/0000:00:06.0/usb2/2-1/2-1:1.0',
    'C0:T0:L0',
  ],
  [
    "Hyper-V's bus",
    'LNXSYSTM:00/VMBUS:00/9d2b1a5f-0001/host0/target0:0:0/0:0:0:0/block/sda',
    none,
    'LNXSYSTM:00/VMBUS:00/9d2b1a5f-0001',
    'C0:T0:L0',
  ],
  ['Xen', 'vbd-51712/block/xvda', none, 'vbd-51712', 'C0:T0:L0'],
])('B4: a disk of %s', (_bus, path, hints, adapter, address) => {
  it('is known by its controller and its place there', () => {
    expect(adapterPath(path)).toBe(adapter);
    expect(diskAddress(path, hints)).toBe(address);
  });
});
