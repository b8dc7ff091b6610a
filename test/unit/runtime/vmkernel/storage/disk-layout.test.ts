import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  datastorePartition,
  scratchPartition,
} from '../../../../../src/disk/datastore-partition.ts';
import { firstUsableLba, lastUsableLba } from '../../../../../src/disk/gpt.ts';
import {
  planDisk,
  planRest,
  smallestBytes,
} from '../../../../../src/runtime/vmkernel/storage/disk-layout.ts';

const gib = 2 ** 30;
const newGuid = () => '00000000-0000-0000-0000-00000000abcd';
const mibOf = ({ firstLba, lastLba }: { firstLba: number; lastLba: number }) =>
  (lastLba + 1 - firstLba) / 2048;
const plan = (bytes: number) =>
  planDisk(bytes, { newGuid }).partitions.map((one) => `${one.number} ${one.name} ${mibOf(one)}`);

describe('B4, K6: the partitions of a blank disk', () => {
  it.each([
    [256 * 2 ** 20, ['1 datastore 254']],
    [8 * gib - 512, ['1 datastore 8190']],
    [8 * gib, ['1 scratch 819', '2 datastore 7371']],
    [40 * gib, ['1 scratch 4096', '2 datastore 36862']],
    [2 ** 44, ['1 scratch 4096', '2 datastore 16773118']],
  ])('of %d bytes are %j (MiB)', (bytes, expected) => {
    expect(plan(bytes)).toEqual(expected);
  });

  it('have no scratch where the bank cannot make its file system', () => {
    const { partitions } = planDisk(9 * gib, { newGuid, hasScratch: false });
    expect(partitions.map(({ name }) => name)).toEqual(['datastore']);
    expect(scratchPartition(partitions)).toBeUndefined();
  });

  it('begin at whole MiB, end within the disk, do not overlap, and are known again', () => {
    const sizes = fc.integer({ min: smallestBytes / 512, max: 2 ** 35 });
    fc.assert(
      fc.property(sizes, (sectors) => {
        const { partitions } = planDisk(sectors * 512, { newGuid });
        let next = firstUsableLba;
        for (const { firstLba, lastLba } of partitions) {
          expect(firstLba % 2048).toBe(0);
          expect(firstLba).toBeGreaterThanOrEqual(next);
          next = lastLba + 1;
        }
        expect(next - 1).toBeLessThanOrEqual(lastUsableLba(sectors));
        expect(lastUsableLba(sectors) - next).toBeLessThan(2048);
        expect(datastorePartition(partitions)?.number).toBe(partitions.length);
        expect(scratchPartition(partitions)?.number).toBe(partitions.length === 2 ? 1 : undefined);
      }),
    );
  });
});

describe('B4, K6: the partitions behind an image', () => {
  const rest = (mibs: number) => {
    const firstLba = 753 * 2048;
    const partitions = planRest({ firstLba, endLba: firstLba + mibs * 2048 }, { newGuid });
    return partitions.map(
      (one) => `${one.number} ${one.name} ${one.firstLba / 2048} ${mibOf(one)}`,
    );
  };
  it.each([
    [256, ['3 datastore 753 256']],
    [8191, ['3 datastore 753 8191']],
    [8192, ['2 scratch 753 819', '3 datastore 1572 7373']],
    [2 ** 20, ['2 scratch 753 4096', '3 datastore 4849 1044480']],
  ])('of %d MiB are %j (first MiB, MiB)', (mibs, expected) => {
    expect(rest(mibs)).toEqual(expected);
  });
});
