import { expect, test } from 'vitest';
import { memoryDevice } from '../../../../src/disk/block-device.ts';
import { silentBootHint } from '../../../../src/harness/machine/silent-boot.ts';
import { smallImage } from '../../bootloader/small-image.ts';

const loader = ['twinbank: loader', 'twinbank: booting bank 5 build=1.2.3-400'];
const lines = (...texts: string[]) => texts.map((text, at) => ({ seconds: at, text }));

/** The hint for a disk whose bank 5 has these kernel options. */
function hint(kernelopt: string, texts = loader): string | undefined {
  const image = smallImage();
  image.mark(5, { kernelopt });
  return silentBootHint(lines(...texts), memoryDevice(image.bytes));
}

test('names the console options of the bank that was started and said nothing', () => {
  expect(hint('console=tty0 quiet')).toBe(
    'the loader started bank 5, and its kernel said nothing: its kernel options have only console=tty0, so the serial line stays empty; add console=ttyS0,115200n8 to kernel.options of the recipe',
  );
  expect(hint('quiet panic=5')).toContain('its kernel options have no console= at all');
  expect(hint('console=ttyS0,115200n8 quiet')).toContain(
    'though its options have console=ttyS0,115200n8: it hangs early',
  );
  // UEFI's stub speaks before the kernel has a console.
  expect(hint('quiet', [...loader, 'EFI stub: Loaded initrd'])).toContain('no console= at all');
});

test('says nothing where the kernel, the system or the loader has the last word', () => {
  expect(hint('quiet', [...loader, '[    0.000000] Linux version 6.1'])).toBeUndefined();
  expect(hint('quiet', [...loader, 'twinbank: stage=kernel at=3.00s Linux'])).toBeUndefined();
  expect(hint('quiet', ['twinbank: loader', 'twinbank: verifying bank 5'])).toBeUndefined();
});

test('names what the disk lacks for a firmware where no loader said anything', () => {
  const image = smallImage();
  image.bytes.fill(1, 0, 440);
  image.bytes.set([0x55, 0xaa], 510);
  const said = lines('BdsDxe: No bootable option or device was found.');
  expect(silentBootHint(said, memoryDevice(image.bytes))).toContain(
    'the disk has one for BIOS and one for UEFI',
  );
  image.edit(1, (volume) => volume.remove('EFI/BOOT/BOOTX64.EFI'));
  expect(silentBootHint(said, memoryDevice(image.bytes))).toBe(
    'no loader said anything: the disk has no EFI/BOOT/BOOTX64.EFI, from which UEFI starts',
  );
  image.bytes.fill(0, 0, 512);
  expect(silentBootHint([], memoryDevice(image.bytes))).toContain(
    'no boot code in LBA 0, from which BIOS starts and no EFI/BOOT/BOOTX64.EFI',
  );
});

test('says what it can where no disk can be read', () => {
  expect(silentBootHint(lines(...loader), undefined)).toContain(
    'its kernel options may lack console=ttyS0',
  );
  expect(silentBootHint([], undefined)).toContain('the firmware found no disk to start from');
  expect(silentBootHint(lines(...loader), memoryDevice(Buffer.alloc(2 ** 20)))).toContain(
    'may lack console=ttyS0',
  );
});
