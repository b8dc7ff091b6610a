import { expect, it } from 'vitest';
import { boot, consoleMatch, expectHealthy } from '../support/boot.ts';

it('starts the firmware of a virtual machine on KVM inside the image, which was booted from nvme under bios', async () => {
  let check: unknown;
  const result = await boot(
    // The emulated processor has AMD's virtualisation, so kvm_amd loads and /dev/kvm is there.
    { firmware: 'bios', disk: 'nvme', cpu: 'EPYC,+svm', memory: 1024 * 2 ** 20 },
    {
      whileReady: async ({ vmkd }) => {
        check = await vmkd.call('vmm.check', {}, 180_000);
      },
    },
  );
  expectHealthy(result, 5);
  consoleMatch(result, /confirmed \/dev\/nvme0n1p5,/);
  expect(check).toMatchObject({ accelerator: 'kvm', started: true });
  expect((check as { firmware: string[] }).firmware).toContain('Running on KVM');
});

it('emulates a virtual machine inside the image where the processor cannot run one', async () => {
  let check: unknown;
  const result = await boot(
    { firmware: 'bios', disk: 'virtio', cpu: 'EPYC,-svm', memory: 1024 * 2 ** 20 },
    {
      whileReady: async ({ vmkd }) => {
        check = await vmkd.call('vmm.check', {}, 180_000);
      },
    },
  );
  expectHealthy(result, 5);
  expect(check).toMatchObject({ accelerator: 'tcg', started: true });
});
