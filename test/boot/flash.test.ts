import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { isBankPartition } from '../../src/bootloader/image-partitions.ts';
import { silent } from '../../src/diagnostics/progress.ts';
import { openFileDevice } from '../../src/disk/file-device.ts';
import { readGpt } from '../../src/disk/gpt.ts';
import { openImage } from '../../src/disk/open-image.ts';
import { partitionDevice } from '../../src/disk/partition-device.ts';
import { flashImage } from '../../src/flash/flash-image.ts';
import { packState } from '../../src/state/archive.ts';
import { saveState } from '../../src/state/save-state.ts';
import { filesOfSettings } from '../../src/state/settings.ts';
import { boot, consoleMatch, expectHealthy } from '../support/boot.ts';

const guidsOf = (path: string): string[] => {
  const { device, close } = openImage(path);
  try {
    const { diskGuid, partitions } = readGpt(device);
    return [diskGuid, ...partitions.map(({ guid }) => guid)];
  } finally {
    close();
  }
};

async function putState(path: string, state: Uint8Array): Promise<void> {
  const disk = openFileDevice(path, { writable: true });
  try {
    const [own, other] = readGpt(disk).partitions.filter(isBankPartition);
    if (!own || !other) throw new Error('expected two banks');
    const [bank, rest] = [own, other].map((one) => partitionDevice(disk, one));
    await saveState({ bank: bank!, other: rest }, state);
  } finally {
    disk.close();
  }
}

it('a disk that was flashed as devices are boots with GUIDs of its own and the state it had, over ahci', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-boot-flash-'));
  const target = join(folder, 'disk.img');
  const image = inject('images').raw;
  const confirm = async () => {};
  const flash = (identity: string, keepState?: { folder: string }) =>
    flashImage({
      ...{ image, target, identity, keepState, confirm, overwrite: true, report: silent },
      size: 800 * 2 ** 20,
    });
  try {
    await flash('first');
    const state = packState(filesOfSettings({ hostname: 'rig-7' }));
    await putState(target, state);
    const before = guidsOf(target);
    await flash('second', { folder });
    const guids = [...guidsOf(target), ...before, ...guidsOf(image)];
    expect(new Set(guids).size).toBe(guids.length);
    const result = await boot({ image: target, firmware: 'uefi', disk: 'ahci' });
    expectHealthy(result, 5);
    consoleMatch(result, /confirmed \/dev\/sda5,/);
    consoleMatch(result, /stage=state at=\S+ generation 1 of bank 5/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
