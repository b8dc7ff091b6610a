import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isBankPartition } from '../../src/bootloader/image-partitions.ts';
import { silent } from '../../src/diagnostics/progress.ts';
import { datastorePartition } from '../../src/disk/datastore-partition.ts';
import { openFileDevice } from '../../src/disk/file-device.ts';
import { readGpt } from '../../src/disk/gpt.ts';
import { openImage } from '../../src/disk/open-image.ts';
import { partitionDevice } from '../../src/disk/partition-device.ts';
import { flashImage } from '../../src/flash/flash-image.ts';
import { packState } from '../../src/state/archive.ts';
import { saveState } from '../../src/state/save-state.ts';
import { filesOfSettings } from '../../src/state/settings.ts';
import { judge } from '../oracle/components/foreign-tool.ts';
import { boot, bootTimeoutMs, consoleMatch, expectHealthy } from '../support/boot.ts';
import { buildRecipe } from '../support/recipe-image.ts';

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

it('B4: a disk that was flashed as devices are boots with GUIDs of its own and the state it had, over ahci, and makes a datastore of its rest', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-boot-flash-'));
  const target = join(folder, 'disk.img');
  const wanted = { set: ['firstBoot.bootDiskRest=format'], folder: 'rest' };
  const { files } = await buildRecipe('default', ['raw'], wanted);
  const image = files[0] ?? '';
  const confirm = async () => {};
  const flash = (identity: string, keepState?: { folder: string }) =>
    flashImage({
      ...{ image, target, identity, keepState, confirm, overwrite: true, report: silent },
      size: 1200 * 2 ** 20,
    });
  try {
    await flash('first');
    const state = packState(filesOfSettings({ hostname: 'rig-7' }));
    await putState(target, state);
    const before = guidsOf(target);
    await flash('second', { folder });
    const guids = [...guidsOf(target), ...before, ...guidsOf(image)];
    expect(new Set(guids).size).toBe(guids.length);
    const seen: unknown[] = [];
    const result = await boot(
      { image: target, firmware: 'uefi', disk: 'ahci', write: true },
      {
        whileReady: async ({ vmkd, console }) => {
          const end = await console.waitFor(/storage: (datastore1 is|no datastore) on/, {
            timeoutMs: bootTimeoutMs,
          });
          expect(end).toMatchObject({
            line: { text: expect.stringContaining('datastore1 is on') },
          });
          seen.push(await vmkd.call('storage.list'));
        },
      },
    );
    expectHealthy(result, 5);
    expect(seen).toMatchObject([
      {
        disks: [{ path: '/dev/sda', state: 'boot', why: null }],
        datastores: [{ name: 'datastore1', accessible: true, why: null }],
        scratch: null,
      },
    ]);
    // The table on the medium is whole, and the kernel was told of the same partition.
    expect(judge('sgdisk', ['-v', target])).toContain('No problems found');
    const { device, close } = openImage(target);
    const { partitions, findings } = readGpt(device);
    close();
    expect(findings).toEqual([]);
    const datastore = datastorePartition(partitions);
    expect(datastore).toMatchObject({ number: 3, firstLba: 752 * 2048, lastLba: 1199 * 2048 - 1 });
    judge('e2fsck', ['-f', '-n', `${target}?offset=${752 * 2 ** 20}`]);
    consoleMatch(result, /confirmed \/dev\/sda5,/);
    consoleMatch(result, /stage=state at=\S+ generation 1 of bank 5/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
