import { describe, expect, it } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import type { BlockDevice } from '../../../src/disk/block-device.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import type { StoreBuild } from '../../../src/update/plan-store.ts';
import { encodeStoreList, openStore, storeFacts } from '../../../src/update/store-volume.ts';
import { newVolume, payload } from '../disk/fat/trees.ts';
import { sha256 } from './bundle/small-bundle.ts';

const content = payload(5000, 1);
const tool = {
  ...{ name: 'tool_1_amd64.deb', path: 'packages/tool_1_amd64.deb' },
  ...{ bytes: content.length, sha256: sha256(content) },
};
const list: StoreBuild = { build: '1.0-1', packages: [tool] };

/** A store with a package, and these files in `builds/`. */
function store(builds: Readonly<Record<string, Uint8Array | string>>) {
  const made = newVolume();
  made.volume.mkdir('packages/2.0-1');
  made.volume.write(tool.path, content);
  made.volume.write('packages/2.0-1/more', payload(3000, 2));
  made.volume.mkdir('builds');
  for (const [name, bytes] of Object.entries(builds)) {
    made.volume.write(`builds/${name}`, typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  }
  made.volume.flush();
  return made;
}
const factsOf = ({ device }: { device: BlockDevice }) => storeFacts(openFat(device), device);

describe('what is known of a store', () => {
  it('are its packages in all folders, and the lists of its builds', () => {
    const facts = factsOf(store({ '1.0-1.json': encodeStoreList(list) }));
    expect(facts.builds).toEqual([list]);
    expect(facts.files).toEqual(
      expect.arrayContaining([
        { path: tool.path, bytes: 5000 },
        { path: 'packages/2.0-1/more', bytes: 3000 },
      ]),
    );
    expect(facts.files).toHaveLength(2);
    expect(facts.hashOf('packages/TOOL_1_amd64.deb')).toBe(tool.sha256);
    expect(facts.hashOf('packages/none')).toBeUndefined();
    expect(facts.freeBytes % facts.clusterBytes).toBe(0);
  });

  it('is nothing where there are no folders yet', () => {
    expect(factsOf(newVolume())).toMatchObject({ builds: [], files: [] });
  });

  const text = JSON.stringify({ schemaVersion: 1, ...list });
  it.each([
    ['is cut', text.slice(0, -9)],
    ['is no list', '[]'],
    ['is null', 'null'],
    ['has no build', JSON.stringify({ packages: [tool] })],
    ['is called after another build', text.replace('1.0-1', '1.0-2')],
    ['has a package without a path', JSON.stringify({ ...list, packages: [{ ...tool, path: 5 }] })],
    [
      'has a package without a size',
      JSON.stringify({ ...list, packages: [tool, { ...tool, bytes: -1 }] }),
    ],
    ['has packages that are none', JSON.stringify({ ...list, packages: [tool, null] })],
    ['is too long', text + ' '.repeat(2 ** 20)],
  ])('is no list that %s: what it leaves out would be removed', (_what, damaged) => {
    const other = { build: '2.0-1', packages: [] };
    const builds = { '1.0-1.json': damaged, '2.0-1.json': encodeStoreList(other) };
    expect(factsOf(store(builds)).builds).toEqual([other]);
  });

  it('is no hash of a file that cannot be read', () => {
    const { bytes, device } = store({});
    const place = openFat(device).extents(tool.path)[0]!.offset;
    const failing: BlockDevice = {
      ...device,
      size: bytes.length,
      read(offset, length) {
        if (offset <= place && place < offset + length) {
          throw new TwinbankError('io', 'device.read', 'bad sector');
        }
        return device.read(offset, length);
      },
      write: () => {},
      flush: () => {},
    };
    expect(factsOf({ device: failing }).hashOf(tool.path)).toBeUndefined();
  });
});

describe('a damaged store', () => {
  it.each<[string, (bytes: Buffer) => void, RegExp]>([
    ['without a boot sector', (bytes) => void bytes.fill(0, 0, 512), /boot sector|FAT/],
    ['whose chains cross', (bytes) => cross(bytes), /cluster/],
  ])('%s is not opened, and the reason is told', (_what, damage, reason) => {
    const { bytes, device } = store({});
    damage(bytes);
    const told: string[] = [];
    expect(openStore(device, (why) => void told.push(why))).toBeUndefined();
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(reason);
  });
});

/** Lets every chain of the first copy of the table, and of the second, lead to the same cluster. */
function cross(bytes: Buffer): void {
  const reserved = bytes.readUInt16LE(14);
  const perFat = bytes.readUInt16LE(22);
  for (const copy of [0, 1]) {
    const start = (reserved + copy * perFat) * 512;
    for (let cluster = 3; cluster < 12; cluster++) bytes.writeUInt16LE(5, start + 2 * cluster);
  }
}
