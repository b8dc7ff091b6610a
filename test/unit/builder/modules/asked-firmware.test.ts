import { expect, test } from 'vitest';
import type { ModulePlan } from '../../../../src/builder/modules/module.ts';
import { firmwareWarnings } from '../../../../src/builder/oem/oem-firmware.ts';

const plan = (more: object): ModulePlan =>
  ({
    name: 'drivers',
    firmware: async () => [{ driver: 'r8169', files: ['rtl_nic/a.fw', 'rtl_nic/b.fw'] }],
    ...more,
  }) as unknown as ModulePlan;

test('names a driver of a recipe whose firmware is nowhere in the bank, and the way out of a recipe', async () => {
  expect(await firmwareWarnings([plan({})], [])).toEqual([
    'drivers: driver r8169 asks for the firmware rtl_nic/a.fw, rtl_nic/b.fw, of which the bank has nothing; put it into usr/lib/firmware of a module of type files, or say withoutFirmware: [r8169] where the hardware does without',
  ]);
  const [ofOem] = await firmwareWarnings([plan({ oem: {} })], []);
  expect(ofOem).toContain('list it under firmware in provider.yaml');
});

test('says nothing where any module of the bank has one of the files', async () => {
  const files = { paths: [{ path: 'usr/lib/firmware/rtl_nic/b.fw' }] };
  expect(await firmwareWarnings([plan({})], [files as never])).toEqual([]);
});
