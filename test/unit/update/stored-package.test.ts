import { describe, expect, it } from 'vitest';
import type { BlockDevice } from '../../../src/disk/block-device.ts';
import type { FatVolume } from '../../../src/disk/fat/volume.ts';
import { encodeStoreList } from '../../../src/update/store-volume.ts';
import {
  type NamedPackages,
  reportStore,
  storeProblems,
} from '../../../src/update/stored-package.ts';
import { newVolume, payload } from '../disk/fat/trees.ts';
import { sha256 } from './bundle/small-bundle.ts';

const contents = { ovmf: payload(5000, 1), newer: payload(7000, 2) };
const packageOf = (content: Uint8Array, version: string) => ({
  ...{ name: 'ovmf.sqfs', id: 'ovmf', type: 'firmware', version },
  ...{ bytes: content.length, sha256: sha256(content) },
});
const [old, next] = [packageOf(contents.ovmf, '1'), packageOf(contents.newer, '2')];
const builds: NamedPackages[] = [
  { build: '1.0-1', packages: [old] },
  { build: '2.0-1', packages: [next] },
];

/** A store with the packages of both builds and their lists, and then changed. */
function store(change: (volume: FatVolume) => void = () => {}): BlockDevice {
  const { device, volume } = newVolume();
  volume.mkdir('builds');
  volume.mkdir('packages/2.0-1');
  const places = [
    ['1.0-1', old, contents.ovmf, 'packages/ovmf.sqfs'],
    ['2.0-1', next, contents.newer, 'packages/2.0-1/ovmf.sqfs'],
  ] as const;
  for (const [build, one, content, path] of places) {
    volume.write(path, content);
    const list = encodeStoreList({ build, packages: [{ ...one, path }] });
    volume.write(`builds/${build}.json`, list);
  }
  change(volume);
  volume.flush();
  return device;
}
const statesOf = (device: BlockDevice) =>
  reportStore(device, builds).packages.map(({ state, path }) => [state, path]);

describe('a store, held against the manifests of its builds', () => {
  it('has each version of a package for the builds that name it', () => {
    const report = reportStore(store(), [...builds, { build: '2.1-1', packages: [next] }]);
    expect(report).toEqual({
      problem: null,
      packages: [
        { ...old, state: 'right', path: 'packages/ovmf.sqfs', builds: ['1.0-1'] },
        { ...next, state: 'right', path: 'packages/2.0-1/ovmf.sqfs', builds: ['2.0-1', '2.1-1'] },
      ],
      unnamed: [],
    });
    expect(storeProblems(report)).toEqual([]);
  });

  it('finds what is there whatever became of the lists', () => {
    const right = [
      ['right', 'packages/ovmf.sqfs'],
      ['right', 'packages/2.0-1/ovmf.sqfs'],
    ];
    const without = (volume: FatVolume) => {
      volume.write('builds/1.0-1.json', Buffer.from('{'));
      volume.remove('builds/2.0-1.json');
    };
    expect(statesOf(store(without))).toEqual(right);
    const astray = (volume: FatVolume) => {
      volume.write('elsewhere', contents.ovmf);
      const packages = [{ ...old, path: 'elsewhere' }];
      volume.write('builds/1.0-1.json', encodeStoreList({ build: '1.0-1', packages }));
    };
    expect(statesOf(store(astray))).toEqual(right);
  });

  it('says of each package what is wrong, and nothing of the others', () => {
    const damaged = reportStore(
      store((volume) => volume.overwrite('packages/ovmf.sqfs', 100, Buffer.from('x'))),
      builds,
    );
    expect(damaged.packages.map(({ state }) => state)).toEqual(['damaged', 'right']);
    expect(storeProblems(damaged)).toEqual([
      'store: expected ovmf.sqfs of 1.0-1, found other contents',
    ]);
    expect(damaged.unnamed).toEqual([]);
    // That of the other build has the name, and is no damaged one of this.
    const missing = reportStore(
      store((volume) => volume.remove('packages/2.0-1/ovmf.sqfs')),
      builds,
    );
    expect(missing.packages.map(({ state }) => state)).toEqual(['right', 'missing']);
    expect(storeProblems(missing)).toEqual([
      'store: expected ovmf.sqfs of 2.0-1, found no such package',
    ]);
  });

  it('names files that no build does', () => {
    const foreign = (volume: FatVolume) => {
      volume.mkdir('packages/old');
      volume.write('packages/old/tool', payload(10, 3));
    };
    expect(reportStore(store(foreign), builds).unnamed).toEqual([
      { path: 'packages/old/tool', bytes: 10 },
    ]);
    expect(reportStore(store(), []).unnamed).toHaveLength(2);
  });

  it('knows packages from before they had types', () => {
    const { id: _, type: __, version: ___, ...plain } = old;
    const [found] = reportStore(store(), [{ build: '1.0-1', packages: [plain] }]).packages;
    expect(found).toEqual({
      ...plain,
      state: 'right',
      path: 'packages/ovmf.sqfs',
      builds: ['1.0-1'],
    });
  });

  it('is one sentence where there is none, or one that cannot be read', () => {
    const none = reportStore(undefined, builds);
    expect(none.packages.map(({ state }) => state)).toEqual(['missing', 'missing']);
    expect(storeProblems(none)).toEqual([
      'store: expected the packages of 1.0-1 and 2.0-1, found no store',
    ]);
    const { bytes, device } = newVolume();
    bytes.fill(0, 0, 512);
    const [problem, ...more] = storeProblems(reportStore(device, builds));
    expect(problem).toContain('the packages of 1.0-1 and 2.0-1, found a damaged store: ');
    expect(more).toEqual([]);
    expect(storeProblems(reportStore(undefined, []))).toEqual([]);
  });
});
