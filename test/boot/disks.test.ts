import { describe, expect, inject, it } from 'vitest';
import { boot, consoleMatch, expectHealthy } from '../support/boot.ts';
import { buildRecipe } from '../support/recipe-image.ts';

// The other pairs of a disk and a firmware are booted where something else is looked at, too: AHCI under UEFI in flash.test.ts,
// NVMe under BIOS in virtual-machine.test.ts, NVMe under UEFI in oem.test.ts and scenarios/disk-sizes.yaml.
describe('a disk of another kind than virtio', () => {
  it('is booted and confirmed: ahci under bios, a qcow2 file, on a machine without a network, which it says', async () => {
    // A disk may be a file of either format; the image is raw elsewhere.
    const image = { format: 'qcow2', image: inject('images').qcow2 } as const;
    const result = await boot({ firmware: 'bios', disk: 'ahci', network: false, ...image });
    expectHealthy(result, 5);
    consoleMatch(result, /confirmed \/dev\/sda5,/);
    consoleMatch(result, /stage=network at=\S+ no address on 0 interfaces/);
  });

  // Its driver is asked for, and its disk found, only after the bus has one.
  it('is booted and confirmed: usb under bios', async () => {
    const result = await boot({ firmware: 'bios', disk: 'usb' });
    expectHealthy(result, 5);
    consoleMatch(result, /confirmed \/dev\/sda5,/);
  });

  // Its kernel is packed by gzip and has no BTF, its engine and initramfs are xz; the loader is GRUB's for the other firmware.
  it('is booted and confirmed: usb under uefi, by the small image, which has 36 MB of modules', async () => {
    const { files, modules } = await buildRecipe('small', ['raw']);
    expect(modules.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(36_000_000);
    let status: unknown;
    const result = await boot(
      { image: files[0] ?? '', firmware: 'uefi', disk: 'usb' },
      {
        whileReady: async ({ vmkd }) => {
          status = await vmkd.call('status');
        },
      },
    );
    expectHealthy(result, 5);
    consoleMatch(result, /confirmed \/dev\/sda5,/);
    expect(status).toMatchObject({ state: 'ready', drivers: { failed: [] } });
    expect(result.lines.filter(({ text }) => /BTF/.test(text))).toEqual([]);
  });

  // Under BIOS: Debian's OVMF has no driver of its own for this controller.
  it("is booted and confirmed: VMware's under bios, with VMware's network card", async () => {
    const card = ['-netdev', 'user,id=vm', '-device', 'vmxnet3,netdev=vm,romfile='];
    const result = await boot({ firmware: 'bios', disk: 'pvscsi', network: false, extra: card });
    expectHealthy(result, 5);
    consoleMatch(result, /confirmed \/dev\/sda5,/);
    consoleMatch(result, /stage=network at=\S+ vmk0 10\.0\.2\.15\/24/);
  });
});
