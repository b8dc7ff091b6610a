import { describe, expect, it, vi } from 'vitest';
import type { HelperEnd } from '../../../../../src/runtime/system/run-helper.ts';
import type { DiskFacts } from '../../../../../src/runtime/vmkernel/storage/disk-facts.ts';
import type { DiskIo } from '../../../../../src/runtime/vmkernel/storage/disk-io.ts';
import { planDisk } from '../../../../../src/runtime/vmkernel/storage/disk-layout.ts';
import type { Mount, Volumes } from '../../../../../src/runtime/vmkernel/storage/mounts.ts';
import {
  openStorage,
  type StoragePort,
} from '../../../../../src/runtime/vmkernel/storage/storage.ts';
import { keptNames } from '../../../../support/device-namer.ts';
import { diskFacts } from './disk-facts.ts';
import { fakeDisk } from './fake-disk.ts';

const mib = 2 ** 20;
type Room = { capacity: number; free: number } | undefined;

/** A host whose disks are maps of what was written, and whose programs do what the real ones leave behind. */
function fakeHost(change: Partial<StoragePort> = {}) {
  const lines: string[] = [];
  const asked: string[] = [];
  const media = new Map<string, ReturnType<typeof fakeDisk>>();
  const mounts: Mount[] = [];
  const host = {
    disks: [] as DiskFacts[],
    answers: new Map<string, Partial<HelperEnd>>(),
    room: async (): Promise<Room> => ({ capacity: 9000, free: 8000 }),
  };
  const put = (facts: DiskFacts, disk = fakeDisk(facts.bytes)): ReturnType<typeof fakeDisk> => {
    host.disks.push(facts);
    media.set(`/dev/${facts.device}`, disk);
    return disk;
  };
  const mediumOf = (path: string): ReturnType<typeof fakeDisk> => {
    const found = media.get(path);
    if (!found) throw new Error(`${path}: no such disk`);
    return found;
  };
  const io: DiskIo = {
    read: async (path, offset, length) => mediumOf(path).read(offset, length),
    write: async (path, offset, bytes) => mediumOf(path).write(offset, bytes),
  };
  const run = async (program: string, args: readonly string[]): Promise<HelperEnd> => {
    // Whose a datastore is, test/oracle looks at.
    if (!['chown', 'chmod'].includes(program)) asked.push([program, ...args].join(' '));
    const path = args.at(-1) ?? '';
    if (program === 'mke2fs') media.set(path, fakeDisk(mib).withExt4(args[args.indexOf('-L') + 1]));
    const answer = host.answers.get(program) ?? {};
    return { code: 0, output: Buffer.from(''), error: '', ...answer };
  };
  const volumes: Volumes = {
    folder: '/vmfs/volumes',
    mounts: () => mounts,
    mount: async (_type, _options, device, path) =>
      void mounts.push({ device, path, isReadOnly: false }),
    detach: async (path) => {
      asked.push(`detach ${path}`);
      mounts.splice(
        mounts.findIndex((one) => one.path === path),
        1,
      );
    },
    room: () => host.room(),
    link: () => {},
    unlink: (name) => void asked.push(`unlink ${name}`),
  };
  let guid = 0;
  const storage = openStorage({
    ...{ io, run, volumes, bootDisk: '/dev/vda', blankDisks: 'format', restUse: 'leave' },
    namer: keptNames().start(),
    nfs: { resolve: async () => '10.9.9.9', identify: () => {} },
    every: () => {},
    findDisks: () => host.disks,
    readSwaps: () => '',
    line: (text) => void lines.push(text),
    onVolumes: () => {},
    newGuid: () => `00000000-0000-0000-0000-${String(++guid).padStart(12, '0')}`,
    hasProgram: () => true,
    ...change,
  });
  const states = async () =>
    (await storage.list()).disks.map(({ name, state, why }) => `${name} ${state} ${why ?? '-'}`);
  return { storage, host, put, media, lines, asked, mounts, states };
}

const boot = diskFacts({ device: 'vda', adapter: 'pci0000:00/03.0', sequence: '1' });
const at = (slot: number, change: Partial<DiskFacts> = {}) =>
  diskFacts({ adapter: `pci0000:00/0${slot}.0`, sequence: String(slot), ...change });

describe('B4: the disks of a host', () => {
  it('are named by their place, and each that is left alone with its reason, once', async () => {
    const { storage, put, lines, states } = fakeHost();
    put(boot);
    put(at(4)).write(512, Buffer.from('LABELONE'));
    put(at(5, { device: 'vdc', isReadOnly: true, serial: 'S1', model: 'Disk 1' }));
    await storage.rescan();
    await storage.rescan();
    expect(await states()).toEqual([
      'vmhba0:C0:T0:L0 boot -',
      'vmhba1:C0:T0:L0 left-alone it has a physical volume of LVM',
      'vmhba2:C0:T0:L0 left-alone it is read-only',
    ]);
    expect(lines).toEqual([
      'storage: vmhba1:C0:T0:L0 (/dev/vdb, 9.0 GiB) is left alone: it has a physical volume of LVM',
      'storage: vmhba2:C0:T0:L0 (/dev/vdc, 9.0 GiB) is left alone: it is read-only',
    ]);
    const { disks } = await storage.list();
    expect(disks.map(({ canonicalName }) => canonicalName)).toEqual([
      ...['mpx.vmhba0:C0:T0:L0', 'mpx.vmhba1:C0:T0:L0', 't10.Disk_1_S1'],
    ]);
  });

  it('become datastores where they are blank, one after another, and only when asked to', async () => {
    const { storage, put, asked, lines, states } = fakeHost();
    put(boot);
    put(at(4));
    put(at(5, { device: 'nvme0n1', bytes: 2 ** 30 }));
    await storage.rescan();
    expect(await states()).toContain('vmhba1:C0:T0:L0 blank -');
    expect(asked).toEqual([]);
    await storage.formatBlank();
    expect(asked.filter((one) => /^mk/.test(one))).toEqual([
      'mkfs.fat -F 32 -n SCRATCH /dev/vdb1',
      expect.stringMatching(/^mke2fs .* -L datastore1 -U \S+ \/dev\/vdb2$/),
      expect.stringMatching(/^mke2fs .* -L datastore2 -U \S+ \/dev\/nvme0n1p1$/),
    ]);
    expect(lines).toContain('storage: datastore2 is on vmhba2:C0:T0:L0 (/dev/nvme0n1, 1.0 GiB)');
    const { datastores, disks } = await storage.list();
    expect(disks.map(({ state }) => state)).toEqual(['boot', 'datastore', 'datastore']);
    expect(datastores).toMatchObject([
      { name: 'datastore1', type: 'ext4', capacity: 9000, free: 8000, accessible: true, why: null },
      { name: 'datastore2', accessible: true },
    ]);
    expect(storage.problems()).toEqual([]);
  });

  it('stay blank where the recipe says so, and where the bank cannot make a file system', async () => {
    for (const change of [{ blankDisks: 'leave' } as const, { hasProgram: () => false }]) {
      const { storage, put, asked, states } = fakeHost(change);
      const disk = put(at(4));
      await storage.rescan();
      await storage.formatBlank();
      expect(asked).toEqual([]);
      expect(disk.writes()).toBe(0);
      const missing = 'this bank has no mke2fs to make a datastore with';
      const why = 'hasProgram' in change ? missing : '-';
      expect(await states()).toEqual([`vmhba0:C0:T0:L0 blank ${why}`]);
    }
  });

  it('are not formatted when something was written to them since they were looked at', async () => {
    const { storage, put, asked, states, lines } = fakeHost();
    const disk = put(at(4));
    await storage.rescan();
    disk.write(0, Buffer.from('XFSB'));
    const before = disk.writes();
    await storage.formatBlank();
    expect(disk.writes()).toBe(before);
    expect(asked).toEqual([]);
    const why = '/dev/vdb: expected a blank disk, found that it has a file system';
    expect(lines.at(-1)).toContain(why);
    expect((await states())[0]).toContain('left-alone');
    expect(storage.problems()).toEqual([]);
  });
});

describe('B4: a formatting that the power has ended', () => {
  /** Every write that a formatting makes, and the programs between them. */
  async function formatted(cutAfter: number) {
    const { storage, put, host, ...rest } = fakeHost();
    const disk = put(at(4));
    disk.failAfter(cutAfter);
    await storage.rescan();
    await storage.formatBlank();
    return { storage, disk, facts: host.disks, ...rest };
  }

  it('is begun again at the next start, or was over, wherever it ended', async () => {
    const whole = await formatted(Number.POSITIVE_INFINITY);
    const writes = whole.disk.writes();
    expect(writes).toBe(4);
    for (let cut = 0; cut < writes; cut++) {
      const { disk, states } = await formatted(cut);
      expect(await states(), `cut after ${cut}`).not.toContain('datastore');
      disk.failAfter(Number.POSITIVE_INFINITY);
      const next = fakeHost();
      next.put(at(4), disk);
      await next.storage.rescan();
      await next.storage.formatBlank();
      expect(await next.states(), `cut after ${cut}`).toEqual(['vmhba0:C0:T0:L0 datastore -']);
    }
  });

  it('is told as a problem by this start', async () => {
    const { storage } = await formatted(1);
    expect(storage.problems()).toEqual([
      'disk vmhba0:C0:T0:L0 (/dev/vdb, 9.0 GiB): the power is off',
    ]);
  });
});

describe('K4: the datastores of a host', () => {
  const tableOf = (hasScratch: boolean) =>
    planDisk(at(4).bytes, { newGuid: () => guid, hasScratch });
  const withDatastore = (label = 'datastore7') => {
    const fake = fakeHost();
    fake.put(at(4), fakeDisk(at(4).bytes).withTable(tableOf(false)));
    fake.media.set('/dev/vdb1', fakeDisk(mib).withExt4(label));
    return fake;
  };
  const guid = '00000000-0000-0000-0000-00000000abcd';

  it('are mounted by their UUID, and keep their names', async () => {
    const { storage, mounts, asked } = withDatastore();
    await storage.rescan();
    const [datastore] = (await storage.list()).datastores;
    expect(datastore).toMatchObject({ name: 'datastore7', accessible: true });
    expect(mounts).toEqual([
      { device: '/dev/vdb1', path: `/vmfs/volumes/${datastore?.uuid}`, isReadOnly: false },
    ]);
    expect(asked).toEqual([]);
  });

  it('are checked where they were not unmounted, and left unmounted where that is too much for e2fsck', async () => {
    const fake = withDatastore();
    fake.media.set('/dev/vdb1', fakeDisk(mib).withExt4('datastore7', { isDirty: true }));
    fake.host.answers.set('e2fsck', { code: 4, output: Buffer.from('invalid journal') });
    await fake.storage.rescan();
    expect(fake.asked).toEqual(['e2fsck -p /dev/vdb1']);
    expect(fake.mounts).toEqual([]);
    const why =
      '/dev/vdb1: it is damaged, and e2fsck does not repair it by itself: invalid journal';
    expect(await fake.states()).toEqual([`vmhba0:C0:T0:L0 datastore ${why}`]);
    expect(fake.storage.problems()).toEqual([`disk vmhba0:C0:T0:L0 (/dev/vdb, 9.0 GiB): ${why}`]);
    // Somebody has repaired it.
    fake.host.answers.set('e2fsck', { code: 1, output: Buffer.from('journal\nregenerated') });
    await fake.storage.rescan(true);
    expect(fake.lines).toContain('storage: datastore7 was repaired: journal regenerated');
    expect(fake.storage.problems()).toEqual([]);
    expect(fake.mounts).toHaveLength(1);
  });

  it('are inaccessible when their disk is pulled, which ends nothing else, and come back with it', async () => {
    const fake = withDatastore();
    fake.put(at(5, { device: 'vdc' }));
    await fake.storage.rescan();
    const [pulled] = fake.host.disks.splice(0, 1);
    await fake.storage.rescan();
    const [gone] = (await fake.storage.list()).datastores;
    expect(gone).toMatchObject({ accessible: false, why: 'its disk has gone', capacity: null });
    expect(fake.asked).toEqual(['unlink datastore7', `detach ${gone?.path}`]);
    expect(fake.storage.problems()).toEqual(['datastore datastore7: its disk has gone']);
    expect(await fake.states()).toEqual(['vmhba1:C0:T0:L0 blank -']);
    if (pulled) fake.host.disks.push({ ...pulled, sequence: '9' });
    await fake.storage.rescan();
    expect(fake.storage.problems()).toEqual([]);
    expect(await fake.states()).toContain('vmhba0:C0:T0:L0 datastore -');
  });

  it('are not mounted twice: a copy is told of', async () => {
    const fake = withDatastore();
    fake.put(at(5, { device: 'vdc' }), fakeDisk(at(5).bytes).withTable(tableOf(false)));
    fake.media.set('/dev/vdc1', fakeDisk(mib).withExt4('datastore7'));
    await fake.storage.rescan();
    expect((await fake.states())[1]).toBe(
      'vmhba1:C0:T0:L0 datastore /dev/vdc1: it is a copy of the datastore on /dev/vdb1',
    );
    expect(fake.mounts).toHaveLength(1);
  });

  it('are asked by one helper at a time, however long that does not answer', async () => {
    const fake = withDatastore();
    await fake.storage.rescan();
    let answer = (_room: Room): void => {};
    const room = vi.fn(() => new Promise<Room>((done) => (answer = done)));
    fake.host.room = room;
    const lists = [fake.storage.list(), fake.storage.list()];
    await Promise.resolve();
    answer(undefined);
    const why = 'it does not answer';
    for (const { datastores } of await Promise.all(lists)) {
      expect(datastores).toMatchObject([{ accessible: false, capacity: null, why }]);
    }
    expect(room).toHaveBeenCalledTimes(1);
    expect(fake.storage.problems()).toEqual([`datastore datastore7: ${why}`]);
    fake.host.room = async () => ({ capacity: 2, free: 1 });
    expect((await fake.storage.list()).datastores).toMatchObject([{ accessible: true, free: 1 }]);
    expect(fake.storage.problems()).toEqual([]);
  });

  it('K6: have one scratch partition beside them, which goes with its disk', async () => {
    const fake = fakeHost();
    for (const [slot, device] of [
      [4, 'vdb'],
      [5, 'vdc'],
    ] as const) {
      fake.put(at(slot, { device }), fakeDisk(at(4).bytes).withTable(tableOf(true)));
      fake.media.set(`/dev/${device}2`, fakeDisk(mib).withExt4(device));
    }
    await fake.storage.rescan();
    expect(fake.asked).toEqual(['fsck.fat -a /dev/vdb1']);
    expect(fake.mounts).toContainEqual({
      device: '/dev/vdb1',
      path: '/scratch',
      isReadOnly: false,
    });
    expect((await fake.storage.list()).scratch).toBe('/scratch');
    fake.host.disks.splice(0, 1);
    await fake.storage.rescan();
    expect(fake.asked).toContain('detach /scratch');
    expect((await fake.storage.list()).scratch).toBeNull();
  });

  it('are there without a scratch partition that is damaged', async () => {
    const fake = fakeHost();
    fake.put(at(4), fakeDisk(at(4).bytes).withTable(tableOf(true)));
    fake.media.set('/dev/vdb2', fakeDisk(mib).withExt4('datastore7'));
    fake.host.answers.set('fsck.fat', { code: 2, error: 'Logical sector size is zero.' });
    await fake.storage.rescan();
    expect(fake.lines[0]).toMatch(
      /no scratch on .*: fsck.fat cannot repair it: Logical sector size/,
    );
    expect((await fake.storage.list()).datastores).toMatchObject([{ accessible: true }]);
  });

  it('are told of when an error has made one read-only', async () => {
    const fake = withDatastore();
    await fake.storage.rescan();
    fake.mounts.splice(0, 1, ...fake.mounts.map((mount) => ({ ...mount, isReadOnly: true })));
    const why = 'it became read-only after an error';
    expect(fake.storage.problems()).toEqual([`datastore datastore7: ${why}`]);
  });
});
