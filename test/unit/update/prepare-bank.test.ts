import { expect, test } from 'vitest';
import { type BootCfg, readBootCfg } from '../../../src/bootloader/boot-cfg.ts';
import { decodeEnvBlock, encodeEnvBlock } from '../../../src/bootloader/env-block.ts';
import { markKeys } from '../../../src/bootloader/rules.ts';
import { type BlockDevice, memoryDevice } from '../../../src/disk/block-device.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import { readBankForUpdate } from '../../../src/update/bank-reading.ts';
import { bootCfgBytes, planBank } from '../../../src/update/manifest/plan-bank.ts';
import { invalidateBank } from '../../../src/update/prepare-bank.ts';
import { signedBase } from '../bootloader/small-image.ts';
import { newVolume, payload } from '../disk/fat/trees.ts';

const plan = planBank([signedBase({ vmkernel: payload(900, 1), 'boot.v00': payload(700, 2) })]);
const valid = { bootstate: '0', attempts: '1', verdict: '-', updated: 8 } as const;

/** A bank that is VALID, and how often it was written to and flushed. */
function newBank() {
  const { bytes, volume } = newVolume();
  volume.write('boot.cfg', bootCfgBytes(plan, valid));
  volume.write('vmkernel', payload(900, 1));
  volume.flush();
  const writes: { offset: number; bytes: Uint8Array }[] = [];
  const memory = memoryDevice(bytes);
  const device: BlockDevice = {
    ...memory,
    write(offset, data) {
      writes.push({ offset, bytes: Uint8Array.from(data) });
      memory.write(offset, data);
    },
  };
  return { bytes, device, writes };
}

function invalidated(device: BlockDevice): BootCfg {
  invalidateBank({ number: 6, firstLba: 0, device }, readBankForUpdate(6, device), plan, 9);
  const volume = openFat(device);
  expect(volume.check()).toEqual([]);
  const reading = readBootCfg(volume.read('boot.cfg'));
  if (!reading.ok) throw new Error(reading.reason);
  expect([reading.cfg.bootstate, reading.cfg.verdict]).toEqual(['3', 'U']);
  return reading.cfg;
}

test('a bank whose boot.cfg is right is taken out of use by two characters in one sector', () => {
  const { bytes, device, writes } = newBank();
  const before = Buffer.from(bytes);
  expect(invalidated(device)).toMatchObject({ attempts: '1', updated: 8 });
  expect(writes.map((one) => one.bytes.length)).toEqual([512]);
  expect(bytes.filter((byte, at) => byte !== before[at])).toHaveLength(2);
});

test('a bank with its marks in the second sector of boot.cfg is taken out of use', () => {
  const { device } = newBank();
  const volume = openFat(device);
  const lines = decodeEnvBlock(volume.read('boot.cfg')).entries.map(
    ({ key, value }) => [key, value] as const,
  );
  const isMark = ([key]: readonly [string, string]) => markKeys.some((one) => one === key);
  const others = lines.filter((one) => !isMark(one));
  const long = ['comment', 'x'.repeat(400)] as const;
  const inOrder = [...others, long, ...lines.filter(isMark)];
  volume.overwrite('boot.cfg', 0, encodeEnvBlock(inOrder, 'boot.cfg'));
  expect(readBankForUpdate(6, device).bootCfg.ok).toBe(true);
  expect(invalidated(device)).toMatchObject({ attempts: '0', updated: 9 });
});

test('a malformed boot.cfg is replaced at once, not sector by sector', () => {
  const { bytes, device, writes } = newBank();
  const [place] = openFat(device).extents('boot.cfg');
  memoryDevice(bytes).write(place!.offset + 150, new Uint8Array(400));
  expect(readBankForUpdate(6, device).bootCfg.ok).toBe(false);
  expect(invalidated(device)).toMatchObject({ updated: 9 });
  expect(writes.filter(({ offset }) => offset === place!.offset)).toEqual([]);
});

test('a bank with a folder in place of boot.cfg gets a new volume', () => {
  const { device } = newBank();
  const volume = openFat(device);
  volume.remove('boot.cfg');
  volume.mkdir('boot.cfg');
  volume.write('boot.cfg/file', payload(10, 1));
  volume.flush();
  expect(invalidated(device)).toMatchObject({ updated: 9 });
  expect(
    openFat(device)
      .list()
      .map(({ name }) => name),
  ).toEqual(['boot.cfg']);
});

test('a bank with a broken table is INVALID before its new volume is begun', () => {
  const { bytes, device, writes } = newBank();
  const { boot, clusterBytes } = openFat(device);
  // The kernel, which comes after boot.cfg, leads to a cluster that does not exist.
  const kernel = 2 * (2 + Math.ceil(1024 / clusterBytes));
  for (const copy of [0, 1]) {
    const table = (boot.reservedSectors + copy * boot.sectorsPerFat) * 512;
    bytes.writeUInt16LE(0xfff0, table + kernel);
  }
  expect(openFat(device).check()).not.toEqual([]);
  expect(invalidated(device)).toMatchObject({ updated: 9 });
  expect(Buffer.from(writes[0]!.bytes).toString('latin1')).toContain('\nbootstate=3\n');
});
