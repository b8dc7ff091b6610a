import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../../src/diagnostics/error.ts';
import { memoryDevice } from '../../../../src/disk/block-device.ts';
import { openFat } from '../../../../src/disk/fat/volume.ts';
import { errorOf } from '../../../support/error-of.ts';
import { newVolume, payload } from './trees.ts';

// A 4 MiB volume: FATs at sectors 8 and 40, root at 72, data from 104, clusters of 512 bytes.
const clusterAt = (cluster: number) => (104 + cluster - 2) * 512;

/** Files a (clusters 2-5), b (6-9), directory d (10) with d/c (11-12). */
function sample(): Buffer {
  const { bytes, volume } = newVolume();
  volume.write('/a', payload(2000, 1));
  volume.write('/b', payload(2000, 2));
  volume.mkdir('/d');
  volume.write('/d/c', payload(1000, 3));
  volume.flush();
  return bytes;
}

function setFat(bytes: Buffer, cluster: number, value: number): void {
  bytes.writeUInt16LE(value, 8 * 512 + cluster * 2);
  bytes.writeUInt16LE(value, 40 * 512 + cluster * 2);
}

describe('a broken volume', () => {
  const cases: [what: string, code: string, message: string, damage: (bytes: Buffer) => void][] = [
    [
      'crossed chains',
      'fat.chain-crossed',
      '/b: expected a cluster of its own after cluster 7, found 4, which belongs to /a',
      (bytes) => setFat(bytes, 7, 4),
    ],
    [
      'a loop',
      'fat.chain-loop',
      '/a: expected a cluster of its own after cluster 4, found 2, which it has passed before',
      (bytes) => setFat(bytes, 4, 2),
    ],
    [
      'a chain out of range',
      'fat.chain-range',
      '/a: expected a cluster from 2 to 8089 after cluster 3, found 40000',
      (bytes) => setFat(bytes, 3, 40000),
    ],
    [
      'a chain into a free cluster',
      'fat.chain-range',
      '/a: expected a cluster from 2 to 8089 after cluster 3, found 0',
      (bytes) => setFat(bytes, 3, 0),
    ],
    [
      'a chain that is too short',
      'fat.chain-short',
      '/a: expected 4 clusters for 2000 bytes, found 2',
      (bytes) => setFat(bytes, 3, 0xffff),
    ],
    [
      'a file without a first cluster',
      'fat.chain-short',
      '/a: expected 4 clusters for 2000 bytes, found 0',
      (bytes) => bytes.writeUInt16LE(0, 72 * 512 + 26),
    ],
    [
      'a directory in itself',
      'fat.chain-crossed',
      '/d/c: expected a cluster of its own after its directory entry, found 10, which belongs to /d',
      (bytes) => {
        bytes[clusterAt(10) + 64 + 11] = 0x10;
        bytes.writeUInt16LE(10, clusterAt(10) + 64 + 26);
      },
    ],
    [
      'one name twice',
      'fat.duplicate-name',
      '/a: found this name twice',
      (bytes) => bytes.write('A', 72 * 512 + 32),
    ],
  ];

  test.each(cases)('with %s is known as %s', (_what, code, message, damage) => {
    const bytes = sample();
    damage(bytes);
    const volume = openFat(memoryDevice(bytes));
    expect(volume.check()).toContainEqual({ severity: 'error', code, message });
    const before = Buffer.from(bytes);
    const error = errorOf(() => volume.write('/new', payload(10, 1)));
    expect([error.kind, error.code, error.message]).toEqual(['corrupt', code, message]);
    expect(errorOf(() => volume.walk()).code).toBe(code);
    volume.flush();
    expect(bytes.equals(before)).toBe(true);
  });

  test('still gives the files that are whole, and one sentence for the one that is not', () => {
    const bytes = sample();
    setFat(bytes, 4, 2);
    const volume = openFat(memoryDevice(bytes));
    expect(volume.read('/b')).toEqual(payload(2000, 2));
    const error = errorOf(() => volume.read('/a'));
    expect([error.kind, error.code]).toEqual(['corrupt', 'fat.chain-loop']);
    expect(error.message).toMatch(/^\/a: expected a chain of at most 8088 clusters, found more/);
    setFat(bytes, 4, 0xffff);
    expect(errorOf(() => openFat(memoryDevice(bytes)).read('/a')).message).toBe(
      '/a: expected 4 clusters for 2000 bytes, found 3 from cluster 2',
    );
  });

  test('with less than it says is truncated', () => {
    const error = errorOf(() => openFat(memoryDevice(sample().subarray(0, 3 * 2 ** 20))));
    expect(error.message).toBe('FAT boot sector: expected 4194304 bytes, found 3145728');
    expect(errorOf(() => openFat(memoryDevice(new Uint8Array(100)))).code).toBe('fat.signature');
  });

  test('with harmless faults is used, and told about', () => {
    const bytes = sample();
    setFat(bytes, 100, 0xffff);
    bytes.writeUInt16LE(7, 40 * 512 + 2000);
    bytes.writeUInt16LE(3, clusterAt(10) + 32 + 26);
    const volume = openFat(memoryDevice(bytes));
    expect(volume.check()).toEqual([
      {
        severity: 'warning',
        code: 'fat.copies-differ',
        message: 'expected two equal FATs, found 1 sectors that differ, the first is 3',
      },
      {
        severity: 'warning',
        code: 'fat.dot-entries',
        message: '/d/: expected "." and ".." to name clusters 10 and 0, found 10 and 3',
      },
      {
        severity: 'warning',
        code: 'fat.lost-clusters',
        message: 'expected every used cluster in a file, found 1 clusters in none',
      },
    ]);
    volume.write('/new', payload(10, 1));
    volume.flush();
    expect(
      openFat(memoryDevice(bytes))
        .check()
        .map(({ code }) => code),
    ).toEqual(['fat.dot-entries']);
  });
});

test('whatever is changed on a volume, it is read, checked and written without a crash or a hang', () => {
  const good = sample();
  const places = fc.oneof(
    fc.nat(64),
    fc.integer({ min: 8 * 512, max: 8 * 512 + 40 }),
    fc.integer({ min: 72 * 512, max: 72 * 512 + 128 }),
    fc.integer({ min: clusterAt(10), max: clusterAt(10) + 100 }),
  );
  const changes = fc.array(fc.tuple(places, fc.nat(255)), { minLength: 1, maxLength: 6 });
  const outcomes = { errors: 0, opened: 0 };
  fc.assert(
    fc.property(changes, (list) => {
      const bytes = Buffer.from(good);
      for (const [offset, value] of list) bytes[offset] = value;
      const survives = (call: () => unknown) => {
        try {
          call();
        } catch (error) {
          outcomes.errors++;
          expect(error).toBeInstanceOf(TwinbankError);
        }
      };
      survives(() => {
        const volume = openFat(memoryDevice(bytes));
        outcomes.opened++;
        volume.check();
        for (const path of ['/a', '/b', '/d/c']) survives(() => volume.read(path));
        survives(() => volume.list('/d'));
        survives(() => volume.walk());
        survives(() => volume.write('/d/a new file.txt', payload(3000, 9)));
        survives(() => volume.remove('/a'));
        volume.flush();
      });
    }),
    { numRuns: 400 },
  );
  expect(outcomes.errors).toBeGreaterThan(100);
  expect(outcomes.opened).toBeGreaterThan(100);
});

test('a volume full of directories that lead into one another is checked in bounded time', () => {
  const { bytes, device } = newVolume();
  // Every cluster is a directory full of directories that lead to other clusters of chains of 60.
  const entry = Buffer.alloc(32);
  entry[11] = 0x10;
  for (let cluster = 2; cluster < 8090; cluster++) {
    setFat(bytes, cluster, cluster % 60 === 59 || cluster === 8089 ? 0xffff : cluster + 1);
    for (let slot = 0; slot < 16; slot++) {
      entry.write(`D${slot}`.padEnd(11), 'latin1');
      entry.writeUInt16LE(2 + ((cluster * 31 + slot * 977) % 8088), 26);
      bytes.set(entry, clusterAt(cluster) + slot * 32);
    }
  }
  entry.writeUInt16LE(2, 26);
  bytes.set(entry, 72 * 512);
  const findings = openFat(device).check();
  expect(findings.length).toBeGreaterThan(100);
  expect(findings.length).toBeLessThan(300);
});
