import { describe, expect, it } from 'vitest';
import { readBootCfg } from '../../../src/bootloader/boot-cfg.ts';
import { bootOrder } from '../../../src/bootloader/select-bank.ts';
import { bootCfgOffset } from '../../../src/bootloader/write-marks.ts';
import type { BlockDevice } from '../../../src/disk/block-device.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import { applyBundle } from '../../../src/update/apply.ts';
import type { HostDisk } from '../../../src/update/host-disk.ts';
import { memorySource } from '../../../src/update/source/byte-source.ts';
import { bundleOf } from './bundle/signed-bundle.ts';
import { diskOf, hostImage } from './host-image.ts';
import { baseModules, baseOf, moduleOf, sign } from './manifests.ts';

const last = 999_999_999;
const modules = [...baseModules.slice(0, 2), moduleOf('engine')];
const v1 = sign(baseOf());
const v2 = sign(baseOf({ version: '2.0', modules }));

const bootCfgOf = (device: BlockDevice) => readBootCfg(openFat(device).read('boot.cfg'));

function stateOf(disk: HostDisk) {
  const banks = disk.banks.map(({ number, device }) => ({
    partition: number,
    bootCfg: bootCfgOf(device),
  }));
  const updated = banks.map(({ bootCfg }) => (bootCfg.ok ? bootCfg.cfg.updated : undefined));
  return { updated, order: bootOrder(banks) };
}

/** Updates a host whose banks 5 and 6 have these numbers; bank 5 runs. */
async function update(kept: number, target: number, change = (disk: HostDisk) => disk) {
  const banks = {
    5: { manifests: [v1], marks: { updated: kept } },
    6: { manifests: [v1], marks: { updated: target } },
  };
  const disk = diskOf(hostImage(banks).bytes);
  const source = memorySource('x.tbu', await bundleOf([v2]));
  const { outcome } = await applyBundle(source, change(disk), { running: 5 });
  expect(outcome).toBe('updated');
  return stateOf(disk);
}

describe('the number of an update', () => {
  it.each([
    [7, 6, [7, 8]],
    [6, 7, [6, 8]],
    [last - 1, 1, [last - 1, last]],
    [5, last, [5, 6]],
    [last, 1, [100_000_000, 100_000_001]],
    [last, last, [100_000_000, 100_000_001]],
  ])(
    'makes the new version first where banks 5 and 6 have %d and %d',
    async (kept, target, updated) => {
      expect(await update(kept, target)).toEqual({ updated, order: [6, 5] });
    },
  );

  it('is made room for by one sector of the bank that is kept, while the other one is out of use', async () => {
    const seen: object[] = [];
    await update(last, last, (disk) => {
      const [kept, target] = disk.banks;
      const at = bootCfgOffset(kept!.device);
      const write = (offset: number, bytes: Uint8Array): void => {
        const found = bootCfgOf(target!.device);
        if (offset === at) {
          const state = found.ok && found.cfg.bootstate;
          seen.push({ bytes: bytes.length, state, booting: stateOf(disk).order });
        }
        kept!.device.write(offset, bytes);
      };
      const device: BlockDevice = { ...kept!.device, write };
      return { ...disk, banks: [{ ...kept!, device }, target!] };
    });
    expect(seen).toEqual([{ bytes: 512, state: '3', booting: [5] }]);
  });

  it('does not end at a medium that keeps no other', async () => {
    const keepsNothing = (disk: HostDisk): HostDisk => {
      const [kept, target] = disk.banks;
      const at = bootCfgOffset(kept!.device);
      const device: BlockDevice = {
        ...kept!.device,
        write: (offset, bytes) => offset === at || kept!.device.write(offset, bytes),
      };
      return { ...disk, banks: [{ ...kept!, device }, target!] };
    };
    await expect(update(last, 1, keepsNothing)).rejects.toMatchObject({
      ...{ kind: 'io', code: 'update.not-kept' },
    });
  });
});
