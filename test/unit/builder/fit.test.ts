import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ImageFile, inMemory } from '../../../src/builder/bank.ts';
import {
  assertFits,
  assertStoreFits,
  computeFit,
  storeRoomWarning,
} from '../../../src/builder/fit.ts';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { parseSize } from '../../../src/diagnostics/size.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { formatFat16 } from '../../../src/disk/fat/format.ts';
import { clusterBytes, planFat16 } from '../../../src/disk/fat/geometry.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import { planStore } from '../../../src/update/plan-store.ts';

const MiB = 2 ** 20;
const file = (name: string, bytes: number): ImageFile => ({ name, bytes, path: '/none' });

function refusal(work: () => void): TwinbankError {
  try {
    work();
  } catch (error) {
    if (error instanceof TwinbankError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('what fits a bank', () => {
  it('is counted in whole clusters', () => {
    const { rows, capacity, free } = computeFit(48 * MiB, 0, [file('a', 1), file('b', 2049)]);
    expect(rows.map(({ taken }) => taken)).toEqual([2048, 4096]);
    expect(free).toBe(capacity - 6144);
  });

  it('is what FAT16 itself says is free after the files were written', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 9000 }), { maxLength: 40 });
    const folders = fc.constantFrom('', 'packages/', 'builds/old/');
    fc.assert(
      fc.property(lengths, folders, (list, folder) => {
        const files = list.map((length, index) =>
          inMemory(`${folder}a-long-name-${index}.deb`, new Uint8Array(length)),
        );
        const device = memoryDevice(new Uint8Array(5 * MiB));
        formatFat16(device, { serial: 1 });
        const volume = openFat(device);
        for (const { name, bytes } of files) {
          if (folder) volume.mkdir(folder);
          volume.write(name, new Uint8Array(bytes));
        }
        expect(computeFit(device.size, 0, files).free).toBe(volume.freeBytes);
      }),
      { numRuns: 50 },
    );
  });

  it('may leave just the reserve', () => {
    const fit = computeFit(48 * MiB, 0, [file('a', 10 * MiB)]);
    assertFits({ ...fit, reserve: fit.free });
    expect(() => assertFits({ ...fit, reserve: fit.free + 1 })).toThrow();
  });
});

describe('the refusal of a bank', () => {
  it('names what OEMs bring, one of which may be left out', () => {
    const files = [file('engine.v00', 20 * MiB), file('acme.v00', 9 * MiB), file('x.v00', MiB)];
    const fit = computeFit(32 * MiB, 2 * MiB, files);
    expect(refusal(() => assertFits(fit, ['acme.v00', 'x.v00'])).message).toMatch(
      /; the largest file is engine\.v00 with 20\.0 MiB; OEMs bring acme\.v00 with 9\.0 MiB, x\.v00 with 1\.0 MiB: leave one out, or a bank of 33MiB would do$/,
    );
  });

  it('names the sizes, the largest file, and what is missing', () => {
    const files = [file('engine.v00', 21 * MiB), file('vmm.v00', 12 * MiB), file('boot.v00', MiB)];
    const error = refusal(() => assertFits(computeFit(32 * MiB, 2 * MiB, files)));
    expect(error).toMatchObject({ kind: 'recipe', code: 'fit.bank' });
    expect(error.message).toBe(
      'bank.size 32MiB: expected 2MiB to stay free (bank.reserve), found files that are 2.1 MiB too large; the largest file is engine.v00 with 21.0 MiB; a bank of 37MiB would do',
    );
    const tight = refusal(() => assertFits(computeFit(35 * MiB, 2 * MiB, files)));
    // 35 MiB are 71680 sectors: 4 reserved, 2 FATs of 70, 32 for the root leave 35752 KiB; 34 MiB are 34816.
    expect(tight.message).toContain('found 936.0 KiB free');
  });

  it('offers a size that really does, and the next smaller one does not', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60 * MiB }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 8 * MiB }), (list, reserve) => {
        const files = list.map((bytes, index) => file(`m${index}.v00`, bytes));
        const fit = computeFit(5 * MiB, reserve, files);
        if (fit.free >= reserve) return;
        const { message } = refusal(() => assertFits(fit));
        const offered = parseSize(/a bank of (\S+) would do/.exec(message)?.[1] ?? '') ?? 0;
        assertFits(computeFit(offered, reserve, files));
        const smaller = computeFit(offered - MiB, reserve, files);
        expect(smaller.free).toBeLessThan(reserve);
      }),
    );
  });

  it('says when no FAT16 is large enough', () => {
    const fit = computeFit(48 * MiB, 0, [file('huge.v00', 2 ** 31)]);
    expect(refusal(() => assertFits(fit)).message).toMatch(/; no FAT16 is large enough$/);
  });
});

describe('the refusal of a store', () => {
  it('counts the folders, too, and offers a size', () => {
    const { capacity } = computeFit(16 * MiB, 0, []);
    assertStoreFits(computeFit(16 * MiB, 0, [file('x', capacity)]));
    const error = refusal(() => assertStoreFits(computeFit(16 * MiB, 0, [file('p/x', capacity)])));
    expect(error).toMatchObject({ kind: 'recipe', code: 'fit.store' });
    expect(error.message).toContain('store.size 16MiB');
    expect(error.message).toContain('a store of 17MiB would do');
  });
});

describe('the warning of a store', () => {
  const fitOf = (bytes: number) => computeFit(16 * MiB, 0, [file('packages/x', bytes)]);
  /** Whether an update to another version of the package finds room. */
  const isUpdated = (bytes: number): boolean => {
    const { size, free } = fitOf(bytes);
    const packages = [{ name: 'x', bytes, sha256: 'new' }];
    const old = { name: 'x', bytes, sha256: 'old', path: 'packages/x' };
    const facts = {
      ...{ builds: [{ build: '1', packages: [old] }], files: [{ path: old.path, bytes }] },
      ...{ freeBytes: free, clusterBytes: clusterBytes(planFat16(size)), hashOf: () => 'old' },
    };
    const request = { keptBuild: '1', build: '2', packages, sent: new Set(['new']) };
    try {
      return planStore(facts, request).add.length === 1;
    } catch (error) {
      expect(error).toMatchObject({ code: 'update.store-full' });
      return false;
    }
  };

  it('is given where an update that replaces all packages is refused, and nowhere else', () => {
    const outcomes = [1, 7, 7.9, 7.95, 7.97, 7.98, 7.99, 8, 8.1, 12].map((mebibytes) => {
      const bytes = Math.round(mebibytes * MiB);
      const warned = storeRoomWarning(fitOf(bytes)) !== undefined;
      expect([bytes, warned]).toEqual([bytes, !isUpdated(bytes)]);
      return warned;
    });
    expect(new Set(outcomes)).toEqual(new Set([true, false]));
    expect(storeRoomWarning(computeFit(5 * MiB, 0, []))).toBeUndefined();
    expect(storeRoomWarning(fitOf(12 * MiB))).toMatch(
      /^store\.size 16MiB: an update that replaces all packages needs 12\.0 MiB beside them and finds 3\.9 MiB, so that hosts refuse it; a store of 25MiB would do$/,
    );
  });
});
