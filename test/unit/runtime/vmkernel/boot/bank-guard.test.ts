import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryDevice } from '../../../../../src/disk/block-device.ts';
import { readGpt } from '../../../../../src/disk/gpt.ts';
import { bankGuard } from '../../../../../src/runtime/vmkernel/boot/bank-guard.ts';
import {
  findPartitions,
  listDisks,
} from '../../../../../src/runtime/vmkernel/boot/bank-partition.ts';
import { openStoreJournal } from '../../../../../src/runtime/vmkernel/boot/journal.ts';
import { hostState } from '../../../../../src/runtime/vmkernel/state/host-state.ts';
import { smallImage } from '../../../bootloader/small-image.ts';
import { recordsIn, storeBytes } from '../../../hostcore/store-bytes.ts';
import { stateBank } from '../../../state/state-bank.ts';

const image = smallImage().bytes;
const { partitions } = readGpt(memoryDevice(image));
const guid = partitions.find(({ number }) => number === 5)!.guid.toLowerCase();

let root: string;
let folders: { block: string; dev: string };
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'disks-'));
  folders = { block: join(root, 'block'), dev: join(root, 'dev') };
  for (const folder of Object.values(folders)) mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true }));

let plugged = 0;
/** A disk as the kernel shows it. */
function plug(name: string, { bytes = image, wwid = '' } = {}): void {
  const folder = join(folders.block, name);
  mkdirSync(join(folder, 'device'), { recursive: true });
  writeFileSync(join(folder, 'diskseq'), `${++plugged}\n`);
  if (wwid) writeFileSync(join(folder, 'device/wwid'), `${wwid}\n`);
  for (const { number } of partitions) {
    mkdirSync(join(folder, `${name}${number}`));
    writeFileSync(join(folder, `${name}${number}`, 'partition'), `${number}\n`);
  }
  writeFileSync(join(folders.dev, name), bytes);
}

function unplug(name: string): void {
  rmSync(join(folders.block, name), { recursive: true });
  rmSync(join(folders.dev, name));
}

describe('the partitions with a GUID', () => {
  it('are found on every disk that can be read, and on no other', () => {
    plug('sdb');
    plug('sda');
    plug('sdc', { bytes: Buffer.alloc(1 << 20) });
    plug('loop0');
    mkdirSync(join(folders.block, 'sdd'));
    const place = (disk: string) => ({
      number: 5,
      device: `${folders.dev}/${disk}5`,
      disk: `${folders.dev}/${disk}`,
    });
    expect(findPartitions(guid, folders)).toEqual([place('sda'), place('sdb')]);
    expect(findPartitions('none', folders)).toEqual([]);
  });

  it.each([
    ['naa.5000c500a1b2c3d4', ['sda']],
    ['t10.ATA     STICK                                   0000', ['sda', 'sdb']],
    ['', ['sda', 'sdb']],
  ])('count once where two ways lead to one disk, by the name %j', (wwid, names) => {
    plug('sda', { wwid });
    plug('sdb', { wwid });
    const found = findPartitions(guid, folders);
    expect(found.map(({ disk }) => disk)).toEqual(names.map((name) => `${folders.dev}/${name}`));
  });
});

describe('a copy of the disk that was booted', () => {
  it('keeps everything from being written, by name, and no longer than it is there', () => {
    const guard = bankGuard({ partitionGuid: guid, bank: 5 }, folders);
    plug('sda');
    expect(guard.problem()).toBeUndefined();
    guard.assert();
    plug('sdb');
    const why = `bank: expected one partition with the GUID ${guid} that was booted, found ${folders.dev}/sda5, ${folders.dev}/sdb5: nothing is written; take out the copy or give it new GUIDs, and boot again`;
    expect(guard.problem()).toBe(why);
    expect(() => guard.assert()).toThrow(
      expect.objectContaining({ kind: 'refused', code: 'bank.ambiguous', message: why }),
    );
    unplug('sdb');
    expect(guard.problem()).toBeUndefined();
    guard.assert();
  });

  it('is noticed by a write also where it was made of a disk that was there', () => {
    const guard = bankGuard({ partitionGuid: guid, bank: 5 }, folders);
    plug('sda');
    plug('sdb', { bytes: Buffer.alloc(1 << 20) });
    guard.assert();
    writeFileSync(join(folders.dev, 'sdb'), image);
    expect(() => guard.assert()).toThrow('nothing is written');
  });

  it('is looked for on no disk that cannot hold one: one that is ill would hold up every write', () => {
    const guard = bankGuard({ partitionGuid: guid, bank: 5 }, folders);
    plug('sda');
    plug('sdb');
    rmSync(join(folders.block, 'sdb', 'sdb5'), { recursive: true });
    utimesSync(join(folders.dev, 'sdb'), 0, 0);
    guard.assert();
    expect(statSync(join(folders.dev, 'sdb')).atimeMs).toBe(0);
  });

  it('is noticed under the name of another disk that has gone', () => {
    plug('sda');
    plug('sdb', { bytes: Buffer.alloc(1 << 20) });
    const before = listDisks(folders);
    unplug('sdb');
    plug('sdb');
    expect(listDisks(folders)).not.toEqual(before);
  });

  it('is nothing to a system that no loader started', () => {
    plug('sda');
    plug('sdb');
    const guard = bankGuard({}, folders);
    guard.assert();
    expect(guard.problem()).toBeUndefined();
  });
});

describe('what may be the wrong disk', () => {
  const assertOnlyBank = (): never => {
    throw new Error('found /dev/sda5, /dev/sdb5');
  };

  it('gets no record of the boot journal', () => {
    const store = join(root, 'store');
    writeFileSync(store, storeBytes());
    const journal = openStoreJournal(store, () => 0, assertOnlyBank);
    journal.write({ event: 'shutdown', bank: 5, why: 'x' });
    expect(recordsIn(readFileSync(store))).toEqual([]);
  });

  it('gets records again once it is the only one', () => {
    const store = join(root, 'store');
    writeFileSync(store, storeBytes());
    let copies = 1;
    const journal = openStoreJournal(
      store,
      () => 0,
      () => {
        if (copies > 0) assertOnlyBank();
      },
    );
    journal.write({ event: 'shutdown', bank: 5, why: 'with a copy' });
    copies = 0;
    journal.write({ event: 'shutdown', bank: 5, why: 'alone' });
    expect(recordsIn(readFileSync(store))).toMatchObject([{ sequence: 1, why: 'alone' }]);
  });

  it('gives no state and gets none', async () => {
    const device = join(root, 'bank');
    const bank = stateBank();
    bank.put(1, 3, 'state of the other host');
    writeFileSync(device, bank.bytes);
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(root, 'etc/hostname'), 'localhost\n');
    writeFileSync(join(root, 'etc/shadow'), 'root:!:::::::\n');
    const keeper = hostState({
      ...{ bank: { number: 5, device }, other: undefined, root, memo: join(root, 'memo') },
      ...{ report: () => {}, assertOnlyBank },
    });
    expect(await keeper.restore()).toBe('none: found /dev/sda5, /dev/sdb5');
    expect(await keeper.save()).toEqual({ saved: false, why: 'found /dev/sda5, /dev/sdb5' });
  });
});
