import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareImages, isSameImage } from '../../../src/compare/compare-images.ts';
import { compareSystems, isSameSystem } from '../../../src/compare/compare-systems.ts';
import type { DescribedSystem } from '../../../src/compare/described.ts';
import { images, mirrored, systems } from './arbitraries.ts';

const strict = { ids: true, marks: true };
const plain = { ids: false, marks: false };

describe('the comparison of two systems', () => {
  it('finds nothing between a system and itself', () => {
    fc.assert(
      fc.property(systems, (one) => {
        expect(isSameSystem(compareSystems(one, structuredClone(one)))).toBe(true);
      }),
    );
  });

  it('finds the same from the other side', () => {
    fc.assert(
      fc.property(systems, systems, (a, b) => {
        const [there, back] = [compareSystems(a, b), compareSystems(b, a)];
        for (const name of ['origins', 'trust', 'modules', 'packages'] as const) {
          expect(back[name]).toEqual(mirrored<(typeof there)[typeof name][number]>(there[name]));
        }
        expect(back.facts).toEqual(there.facts.map(({ name, a, b }) => ({ name, a: b, b: a })));
        const { added, removed, moved } = there.kernelOptions;
        expect(back.kernelOptions).toEqual({ added: removed, removed: added, moved });
      }),
    );
  });

  it('reports only what is there, on the side that has it, and differs', () => {
    fc.assert(
      fc.property(systems, systems, (a, b) => {
        for (const { change, key, a: ours, b: theirs } of compareSystems(a, b).modules) {
          expect(change).toBe(ours === null ? 'added' : theirs === null ? 'removed' : 'changed');
          if (ours) expect(a.modules).toContainEqual(ours);
          if (theirs) expect(b.modules).toContainEqual(theirs);
          expect((ours ?? theirs)!.name).toBe(key);
          expect(ours).not.toEqual(theirs);
        }
      }),
    );
  });

  it('calls two systems the same only where options, versions and hashes are', () => {
    fc.assert(
      fc.property(systems, systems, (a, b) => {
        if (!isSameSystem(compareSystems(a, b))) return;
        expect(a.kernelOptions).toEqual(b.kernelOptions);
        expect([a.version, a.build, a.product]).toEqual([b.version, b.build, b.product]);
        const hashes = ({ modules }: typeof a) => modules.map(({ sha256 }) => sha256).sort();
        expect(hashes(a)).toEqual(hashes(b));
      }),
    );
  });

  it('tells options that only moved from those that came and went', () => {
    const at = (kernelOptions: string[]) => ({ ...empty, kernelOptions });
    const found = compareSystems(
      at(['console=tty0', 'console=ttyS0', 'quiet']),
      at(['console=ttyS0', 'console=tty0', 'debug']),
    );
    expect(found.kernelOptions.added).toEqual(['debug']);
    expect(found.kernelOptions.removed).toEqual(['quiet']);
    expect(found.kernelOptions.moved).toHaveLength(1);
    expect(isSameSystem(found)).toBe(false);
  });
});

const empty = {
  product: '',
  version: '',
  build: '',
  title: '',
  securityVersion: 0,
  minVersion: '',
  loader: '',
  origins: [],
  trust: [],
  kernelOptions: [],
  modules: [],
  packages: [],
};

describe('the comparison of two images', () => {
  it('finds nothing between an image and itself, even where identities and marks count', () => {
    fc.assert(
      fc.property(images, (one) => {
        const found = compareImages(one, structuredClone(one), strict);
        expect(found).toEqual({ disk: [], partitions: [], files: [], banks: [] });
      }),
    );
  });

  it('finds the same from the other side', () => {
    fc.assert(
      fc.property(images, images, fc.boolean(), fc.boolean(), (a, b, ids, marks) => {
        const [there, back] = [
          compareImages(a, b, { ids, marks }),
          compareImages(b, a, { ids, marks }),
        ];
        for (const name of ['partitions', 'files', 'banks'] as const) {
          expect(back[name]).toEqual(mirrored<(typeof there)[typeof name][number]>(there[name]));
        }
        expect(isSameImage(back)).toBe(isSameImage(there));
      }),
    );
  });

  it('shows other marks, and counts them only where it is asked to', () => {
    fc.assert(
      fc.property(images, (one) => {
        const marked = structuredClone(one);
        const [bank] = marked.banks;
        Object.assign(bank!, { attempts: bank!.attempts! + 1 });
        const shown = compareImages(one, marked, plain);
        expect(shown.banks).toMatchObject([{ fields: ['attempts'], counted: false, modules: [] }]);
        expect(isSameImage(shown)).toBe(true);
        expect(isSameImage(compareImages(one, marked, { ids: false, marks: true }))).toBe(false);
      }),
    );
  });

  it('passes over other GUIDs unless it is asked for them', () => {
    fc.assert(
      fc.property(images, (one) => {
        const other = structuredClone(one);
        Object.assign(other, { diskGuid: 'another' });
        for (const partition of other.partitions) Object.assign(partition, { guid: 'another' });
        for (const bank of other.banks) Object.assign(bank, { uuid: 'another' });
        expect(isSameImage(compareImages(one, other, plain))).toBe(true);
        const found = compareImages(one, other, { ids: true, marks: false });
        expect(found.disk).toEqual([{ name: 'diskGuid', a: one.diskGuid, b: 'another' }]);
        expect(found.partitions).toHaveLength(one.partitions.length);
        expect(found.banks.map(({ fields }) => fields)).toEqual(one.banks.map(() => ['uuid']));
      }),
    );
  });
});

describe('the packages of two systems', () => {
  const withPackages = (system: DescribedSystem, packages: DescribedSystem['packages']) => ({
    ...system,
    packages,
  });
  const about = { bytes: 5, sha256: 'a', type: 'firmware' };
  const v1 = { ...about, name: 'ovmf_1.sqfs', id: 'ovmf', version: '1' };
  const v2 = { ...about, name: 'ovmf_2.sqfs', id: 'ovmf', version: '2', sha256: 'b' };

  it('are one by what both call them, and by their files where one side knows no more', () => {
    fc.assert(
      fc.property(systems, (system) => {
        const changes = (a: DescribedSystem['packages'], b: DescribedSystem['packages']) =>
          compareSystems(withPackages(system, a), withPackages(system, b)).packages;
        expect(changes([v1], [v2])).toEqual([{ key: 'ovmf', change: 'changed', a: v1, b: v2 }]);
        const { id: _, version: __, ...old } = v1;
        expect(changes([old], [v2]).map(({ key, change }) => [key, change])).toEqual([
          ['ovmf_1.sqfs', 'removed'],
          ['ovmf_2.sqfs', 'added'],
        ]);
        expect(changes([v1], [v1])).toEqual([]);
      }),
      { numRuns: 5 },
    );
  });
});
