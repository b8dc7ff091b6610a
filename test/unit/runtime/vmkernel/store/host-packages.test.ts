import { describe, expect, it } from 'vitest';
import { TwinbankError } from '../../../../../src/diagnostics/error.ts';
import type { BlockDevice } from '../../../../../src/disk/block-device.ts';
import { openFat } from '../../../../../src/disk/fat/volume.ts';
import { mutex } from '../../../../../src/hostcore/mutex.ts';
import {
  hostPackages,
  type StorePort,
} from '../../../../../src/runtime/vmkernel/store/host-packages.ts';
import type { PackageFolder } from '../../../../../src/runtime/vmkernel/store/package-folder.ts';
import { encodeStoreList } from '../../../../../src/update/store-volume.ts';
import { newVolume, payload } from '../../../disk/fat/trees.ts';
import { sha256 } from '../../../update/bundle/small-bundle.ts';

const contents = { ovmf: payload(3_000_000, 1), swtpm: payload(5000, 2), tool: payload(700, 3) };
const packageOf = (id: keyof typeof contents, more = {}) => ({
  ...{ name: `${id}_1.sqfs`, bytes: contents[id].length, sha256: sha256(contents[id]), ...more },
});
const ovmf = packageOf('ovmf', { id: 'ovmf', type: 'firmware', version: '1' });
const swtpm = packageOf('swtpm', { id: 'swtpm', type: 'tools', version: '1' });
/** Of a manifest from before packages had types. */
const tool = packageOf('tool');

/** A store of 4 MiB with these packages, whose bytes a test may change. */
function store() {
  const made = newVolume();
  made.volume.mkdir('packages');
  made.volume.mkdir('builds');
  const packages = [ovmf, swtpm, tool].map((one) => ({ ...one, path: `packages/${one.name}` }));
  for (const [id, content] of Object.entries(contents)) {
    made.volume.write(`packages/${id}_1.sqfs`, content);
  }
  made.volume.write('builds/1.0-1.json', encodeStoreList({ build: '1.0-1', packages }));
  made.volume.flush();
  const place = (id: keyof typeof contents): number =>
    openFat(made.device).extents(`packages/${id}_1.sqfs`)[0]!.offset;
  return { ...made, place };
}

/** Keeps copies in memory, and what was asked of it. */
function memoryFolder() {
  const kept = new Map<string, Buffer>();
  const events: string[] = [];
  const opened = (one: { id?: string }) => {
    return { id: one.id ?? '', type: '', version: '', path: `/run/${one.id}` };
  };
  const folder: PackageFolder = {
    find: (one) => (kept.has(one.id ?? '') ? opened(one) : undefined),
    begin(one) {
      let bytes: Uint8Array[] = [];
      return {
        restart: () => {
          bytes = [];
        },
        write: (chunk) => void bytes.push(Buffer.from(chunk)),
        keep: async () => {
          kept.set(one.id ?? '', Buffer.concat(bytes));
          events.push(`keep ${one.id}`);
          return opened(one);
        },
        discard: () => void events.push(`discard ${one.id}`),
      };
    },
  };
  return { folder, kept, events };
}

function system(device: BlockDevice | undefined, more: Partial<StorePort> = {}) {
  const memory = memoryFolder();
  const packages = hostPackages({
    ...{ build: '1.0-1', packages: [ovmf, swtpm, tool], folder: memory.folder },
    openStore: () => device && { ...device, size: device.size, close: () => {} },
    withBankLock: mutex(),
    ...more,
  });
  const states = () => packages.status().packages.map(({ state }) => state);
  return { ...memory, packages, states };
}

/** A device that gives what `read` makes of it. */
const through = (device: BlockDevice, read: BlockDevice['read']): BlockDevice => ({
  ...{ size: device.size, read, flush: () => {} },
  write: (offset, bytes) => device.write(offset, bytes),
});

describe('the packages of a running host', () => {
  it('are unknown at first, and right once they were read', async () => {
    const { packages, states } = system(store().device);
    expect(states()).toEqual(['unchecked', 'unchecked', 'unchecked']);
    expect([packages.isUnchecked(), packages.problems()]).toEqual([true, []]);
    expect(await packages.check()).toEqual({
      problem: null,
      packages: [
        { ...{ id: 'ovmf', type: 'firmware', version: '1' }, ...short(ovmf), state: 'right' },
        { ...{ id: 'swtpm', type: 'tools', version: '1' }, ...short(swtpm), state: 'right' },
        { ...{ id: null, type: null, version: null }, ...short(tool), state: 'right' },
      ],
    });
    expect([packages.isUnchecked(), packages.problems()]).toEqual([false, []]);
  });

  it('are named where they are damaged or missing, and the others are right', async () => {
    const { device, volume, bytes, place } = store();
    volume.remove('packages/swtpm_1.sqfs');
    volume.flush();
    bytes[place('ovmf') + 2_500_000]! ^= 1;
    const { packages, states } = system(device);
    expect([states().includes('missing'), packages.problems()]).toEqual([false, []]);
    await packages.check();
    expect(states()).toEqual(['damaged', 'missing', 'right']);
    expect(packages.problems()).toEqual([
      'store: expected ovmf_1.sqfs of 1.0-1, found other contents',
      'store: expected swtpm_1.sqfs of 1.0-1, found no such package',
    ]);
  });

  it('are opened as they were hashed, once, whatever becomes of the disk', async () => {
    const { device, bytes, place } = store();
    const at = place('ovmf');
    let changes = 0;
    // Somebody changes what was read already while the rest is read.
    const racing = through(device, (offset, length) => {
      const chunk = Buffer.from(device.read(offset, length));
      if (offset >= at + 2 ** 20 && offset < at + ovmf.bytes && changes++ === 0) bytes[at]! ^= 1;
      return chunk;
    });
    const { packages, kept, events } = system(racing);
    const [first, again] = await Promise.all([packages.open('ovmf'), packages.open('ovmf')]);
    expect(changes).toBeGreaterThan(0);
    expect(first).toEqual(again);
    expect(kept.get('ovmf')!.equals(contents.ovmf)).toBe(true);
    expect(events).toEqual(['keep ovmf']);
    expect(await packages.open('ovmf')).toEqual(first);
    // The disk has something else now, and that is told; what is open stays.
    await packages.check();
    expect(packages.problems()).toHaveLength(1);
    expect(await packages.open('ovmf')).toEqual(first);
  });

  it('are opened from the place that has them whole, and without a byte of another place', async () => {
    const { device, volume, bytes, place } = store();
    volume.mkdir('packages/2.0-1');
    volume.write('packages/2.0-1/swtpm_1.sqfs', contents.swtpm);
    volume.flush();
    bytes[place('swtpm')]! ^= 1;
    const { packages, kept } = system(device);
    await packages.open('swtpm');
    expect(kept.get('swtpm')!.equals(contents.swtpm)).toBe(true);
    expect(packages.problems()).toEqual([]);
  });

  it('are not opened where they are not what the manifest names', async () => {
    const { device, volume, bytes, place } = store();
    bytes[place('swtpm')]! ^= 1;
    volume.remove('packages/ovmf_1.sqfs');
    volume.flush();
    const { packages, kept, events } = system(device);
    await expect(packages.open('swtpm')).rejects.toMatchObject({
      code: 'store.damaged',
      message: 'store: expected swtpm_1.sqfs of 1.0-1, found other contents',
    });
    await expect(packages.open('ovmf')).rejects.toMatchObject({ code: 'store.missing' });
    expect([kept.size, events]).toEqual([0, ['discard swtpm', 'discard ovmf']]);
    bytes[place('swtpm')]! ^= 1;
    expect(await packages.open('swtpm')).toMatchObject({ path: '/run/swtpm' });
    expect(packages.problems()).toHaveLength(1);
  });

  it('of other builds and of older manifests have no name to be opened by', async () => {
    const { packages } = system(store().device);
    const code = 'usage';
    await expect(packages.open('qemu')).rejects.toMatchObject({
      ...{ code, message: 'id: expected a package of 1.0-1 (ovmf, swtpm), found "qemu"' },
    });
    await expect(packages.open(undefined)).rejects.toMatchObject({ code });
    const older = system(store().device, { packages: [tool] }).packages;
    await expect(older.open('tool')).rejects.toThrow(
      'id: expected a package of 1.0-1 (its manifest is from before they had names), found "tool"',
    );
  });

  it('are too large to be opened above 64 MiB', async () => {
    const large = { ...ovmf, bytes: 65 * 2 ** 20 };
    const { packages } = system(store().device, { packages: [large] });
    await expect(packages.open('ovmf')).rejects.toMatchObject({ code: 'store.too-large' });
  });

  it('of a foreign length are not read at all', async () => {
    const { device } = store();
    let read = 0;
    const counting = through(device, (offset, length) => {
      read = Math.max(read, length);
      return device.read(offset, length);
    });
    const { packages } = system(counting, { packages: [{ ...ovmf, bytes: 2_999_999 }] });
    await expect(packages.open('ovmf')).rejects.toMatchObject({ code: 'store.damaged' });
    expect(read).toBeLessThan(2 ** 20);
  });

  it('are looked at once more while no update can be writing, and only then called wrong', async () => {
    const { device, bytes, place } = store();
    const at = place('swtpm');
    bytes[at]! ^= 1;
    const { packages, states } = system(device, {
      withBankLock: async (work) => {
        bytes[at]! ^= 1;
        return work();
      },
    });
    await packages.check();
    expect(states()).toEqual(['right', 'right', 'right']);
  });

  it.each<[string, BlockDevice | undefined, string]>([
    ['there is no store', undefined, 'no store'],
    ['the store has no file system', { ...newVolume().device, size: 1024 }, 'a damaged store: '],
    [
      'the medium gives nothing',
      through(store().device, () => {
        throw new TwinbankError('io', 'device.read', 'bad sector');
      }),
      'a damaged store: bad sector',
    ],
  ])('are all missing where %s, in one sentence', async (_what, device, found) => {
    const { packages, states } = system(device);
    for (let times = 0; times < 2; times++) {
      await packages.check();
      expect(states()).toEqual(['missing', 'missing', 'missing']);
      const [problem, ...more] = packages.problems();
      expect(problem).toContain(`store: expected the packages of 1.0-1, found ${found}`);
      expect(more).toEqual([]);
    }
    await expect(packages.open('ovmf')).rejects.toMatchObject({ code: 'store.missing' });
    const none = system(device, { packages: [] }).packages;
    expect([none.problems(), none.status()]).toEqual([[], { problem: null, packages: [] }]);
  });

  it('that lie on bad sectors are damaged, and the others are read', async () => {
    const { device, place } = store();
    const at = place('ovmf');
    const failing = through(device, (offset, length) => {
      if (offset <= at && at < offset + length && length > 4096) {
        throw new TwinbankError('io', 'device.read', 'bad sector');
      }
      return device.read(offset, length);
    });
    const { packages, states } = system(failing);
    await packages.check();
    expect(states()).toEqual(['damaged', 'right', 'right']);
  });
});

function short({ name, bytes }: { name: string; bytes: number }) {
  return { name, bytes };
}
