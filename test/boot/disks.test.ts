import { describe, inject, it } from 'vitest';
import { boot, consoleMatch, expectHealthy } from '../support/boot.ts';

const disks = [
  // A disk may be a file of either format; the image is raw elsewhere.
  { firmware: 'bios', disk: 'ahci', device: 'sda', format: 'qcow2' },
  { firmware: 'uefi', disk: 'ahci', device: 'sda', format: 'raw' },
  { firmware: 'bios', disk: 'nvme', device: 'nvme0n1p', format: 'raw' },
  { firmware: 'uefi', disk: 'nvme', device: 'nvme0n1p', format: 'raw' },
  // Its driver is asked for, and its disk found, only after the bus has one.
  { firmware: 'bios', disk: 'usb', device: 'sda', format: 'raw' },
  { firmware: 'uefi', disk: 'usb', device: 'sda', format: 'raw' },
] as const;

describe('a disk of another kind than virtio', () => {
  it.each(disks)(
    'is booted and confirmed: $disk under $firmware, a $format file',
    async ({ firmware, disk, device, format }) => {
      const result = await boot({ firmware, disk, format, image: inject('images')[format] });
      expectHealthy(result, 5);
      consoleMatch(result, new RegExp(`confirmed /dev/${device}5,`));
    },
  );
});
