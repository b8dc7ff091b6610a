import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TwinbankError } from '../../../src/diagnostics/error.ts';
import {
  planStore,
  type StoredPackage,
  type StorePlan,
  type StoreRequest,
} from '../../../src/update/plan-store.ts';
import { errorOf } from '../../support/error-of.ts';

/** A store in memory: hashes by path; every file has as many bytes as it is told. */
interface Store {
  readonly files: Readonly<Record<string, string>>;
  readonly builds: Readonly<Record<string, readonly StoredPackage[]>>;
  readonly bytes?: number;
  readonly freeBytes?: number;
}
const pack = (path: string, sha256: string, bytes = 1000): StoredPackage => {
  return { name: path.slice(path.lastIndexOf('/') + 1), path, sha256, bytes };
};

function plan(
  store: Store,
  request: Partial<StoreRequest> & { packages: StoreRequest['packages'] },
) {
  const { files, builds, bytes = 1000, freeBytes = 10 ** 6 } = store;
  const hashes = new Map(Object.entries(files).map(([path, hash]) => [path.toLowerCase(), hash]));
  const sent = new Set(request.packages.map(({ sha256 }) => sha256));
  return planStore(
    {
      builds: Object.entries(builds).map(([build, packages]) => ({ build, packages })),
      files: Object.keys(files).map((path) => ({ path, bytes })),
      freeBytes,
      clusterBytes: 512,
      hashOf: (path) => hashes.get(path.toLowerCase()),
    },
    { keptBuild: 'v1', build: 'v2', sent, ...request },
  );
}
const wanted = (name: string, sha256: string, bytes = 1000) => ({ name, sha256, bytes });
const paths = (list: readonly StoredPackage[]): string[] => list.map(({ path }) => path);
const refusal = (...parts: Parameters<typeof plan>): TwinbankError => {
  const error = errorOf(() => plan(...parts));
  expect(error.kind).toBe('refused');
  return error;
};

describe('the plan of a store', () => {
  it('adds what is new, uses again what is there, and lists both for the new build', () => {
    const tool = pack('packages/tool.deb', 'a');
    const found = plan(
      { files: { 'packages/tool.deb': 'a' }, builds: { v1: [tool] } },
      { packages: [wanted('tool.deb', 'a'), wanted('more.tgz', 'b')] },
    );
    expect(found).toEqual({
      remove: [],
      add: [pack('packages/more.tgz', 'b')],
      reuse: [tool],
      list: { build: 'v2', packages: [tool, pack('packages/more.tgz', 'b')] },
    });
  });

  it('removes what neither bank needs any more: files, and the lists of other builds', () => {
    const files = { 'packages/old.deb': 'o', 'packages/tool.deb': 'a', 'packages/v0/x': 'x' };
    const builds = {
      v0: [pack('packages/old.deb', 'o'), pack('packages/v0/x', 'x')],
      v1: [pack('packages/tool.deb', 'a')],
    };
    expect(plan({ files, builds }, { packages: [] }).remove).toEqual([
      'builds/v0.json',
      'packages/old.deb',
      'packages/v0/x',
    ]);
  });

  it('gives a package another place where the kept build has a different one of its name', () => {
    const files = { 'packages/tool.deb': 'a' };
    const builds = { v1: [pack('packages/TOOL.deb', 'a')] };
    const found = plan({ files, builds }, { packages: [wanted('tool.deb', 'b')] });
    expect(paths(found.add)).toEqual(['packages/v2/tool.deb']);
    expect(found.remove).toEqual([]);
    expect(found.list.packages).toEqual([pack('packages/v2/tool.deb', 'b')]);
  });

  it('gives it back its plain name once no bank is in the way', () => {
    const files = { 'packages/tool.deb': 'a', 'packages/v2/tool.deb': 'b' };
    const builds = {
      v1: [pack('packages/tool.deb', 'a')],
      v2: [pack('packages/v2/tool.deb', 'b')],
    };
    const request = { keptBuild: 'v2', build: 'v3', packages: [wanted('tool.deb', 'c')] };
    const found = plan({ files, builds }, request);
    expect(paths(found.add)).toEqual(['packages/tool.deb']);
    expect(found.remove).toEqual(['builds/v1.json', 'packages/tool.deb']);
  });

  it('uses a package again where the kept build has it, in whatever folder', () => {
    const files = { 'packages/tool.deb': 'a', 'packages/v1/tool.deb': 'b' };
    const builds = {
      v0: [pack('packages/tool.deb', 'a')],
      v1: [pack('packages/v1/tool.deb', 'b')],
    };
    const request = { packages: [wanted('tool.deb', 'b')], sent: new Set<string>() };
    const found = plan({ files, builds }, request);
    expect([paths(found.reuse), paths(found.add)]).toEqual([['packages/v1/tool.deb'], []]);
    expect(found.remove).toEqual(['builds/v0.json', 'packages/tool.deb']);
    expect(found.list.packages).toEqual(builds.v1);
  });

  it('keeps what both builds of one name need, however often it is repeated', () => {
    const files = { 'packages/tool.deb': 'a', 'packages/v1/tool.deb': 'b' };
    const own = [pack('packages/tool.deb', 'a'), pack('packages/v1/tool.deb', 'b')];
    const request = { keptBuild: 'v1', build: 'v1', packages: [wanted('tool.deb', 'c')] };
    const found = plan({ files, builds: { v1: own } }, request);
    expect(paths(found.add)).toEqual(['packages/v1.2/tool.deb']);
    expect(found.remove).toEqual([]);
    expect(found.list.packages).toEqual([...own, pack('packages/v1.2/tool.deb', 'c')]);
  });

  it('writes a package anew that is damaged, or of another length', () => {
    const builds = { v1: [pack('packages/tool.deb', 'a')] };
    const damaged = plan(
      { files: { 'packages/tool.deb': 'x' }, builds },
      { packages: [wanted('tool.deb', 'a')] },
    );
    expect(paths(damaged.add)).toEqual(['packages/tool.deb']);
    const cut = plan(
      { files: { 'packages/tool.deb': 'a' }, bytes: 999, builds },
      { packages: [wanted('tool.deb', 'a')] },
    );
    expect(paths(cut.add)).toEqual(['packages/tool.deb']);
    expect([...damaged.remove, ...cut.remove]).toEqual([]);
  });

  it('removes and writes over nothing where the list of the kept build is missing', () => {
    const files = { 'packages/tool.deb': 'a', 'packages/other.deb': 'o' };
    const packages = [wanted('tool.deb', 'b'), wanted('other.deb', 'o')];
    const found = plan({ files, builds: {} }, { packages });
    expect(paths(found.add)).toEqual(['packages/v2/tool.deb']);
    expect(paths(found.reuse)).toEqual(['packages/other.deb']);
    expect(found.remove).toEqual([]);
  });

  it('is refused where a package is neither in the bundle nor in the store', () => {
    const error = refusal(
      { files: {}, builds: { v1: [] } },
      { packages: [wanted('tool.deb', 'a')], sent: new Set(['b']) },
    );
    expect(error.code).toBe('update.package-missing');
    expect(error.message).toBe(
      'store: expected tool.deb in the bundle or in the store, found it in neither; take a bundle that is not relative to an older build',
    );
  });

  it('is refused where it has no room, what it removes counted as free', () => {
    const builds = { v1: [pack('packages/tool.deb', 'a')], v0: [pack('packages/old.deb', 'o')] };
    const files = { 'packages/tool.deb': 'a', 'packages/old.deb': 'o' };
    const packages = [wanted('new.deb', 'n', 9000)];
    const slack = 8 * 512;
    const found = (freeBytes: number) => () => plan({ files, builds, freeBytes }, { packages });
    // 18 clusters are needed, two of them come free.
    expect(found(16 * 512 + slack)().add).toHaveLength(1);
    const error = errorOf(found(16 * 512 + slack - 1));
    expect(error).toMatchObject({ kind: 'refused', code: 'update.store-full' });
    expect(error.message).toBe('store: expected room for 9.0 KiB of packages, found 9.0 KiB');
  });
});

/** What is in a store once a plan has been carried out. */
function afterwards(files: Readonly<Record<string, string>>, { remove, add }: StorePlan) {
  const now = new Map(Object.entries(files).map(([path, hash]) => [path.toLowerCase(), hash]));
  for (const path of remove) now.delete(path.toLowerCase());
  for (const { path, sha256 } of add) now.set(path.toLowerCase(), sha256);
  return now;
}

describe('whatever a store holds', () => {
  const name = fc.constantFrom('a', 'A', 'b', 'c');
  const hash = fc.constantFrom('1', '2', '3');
  const path = fc.oneof(
    name.map((one) => `packages/${one}`),
    fc
      .tuple(fc.constantFrom('v1', 'v2', 'v2.2'), name)
      .map(([build, one]) => `packages/${build}/${one}`),
  );
  const lower = (text: string): string => text.toLowerCase();
  const files = fc.uniqueArray(fc.tuple(path, hash), { selector: ([one]) => lower(one) });
  const list = fc.uniqueArray(fc.tuple(path, hash), { selector: ([one]) => lower(one) });
  const packages = fc.uniqueArray(fc.tuple(name, hash), { selector: ([one]) => lower(one) });
  const build = fc.constantFrom('v1', 'v2', 'v3');

  it('the kept build loses nothing, and the new one has all that it lists', () => {
    fc.assert(
      fc.property(
        files,
        fc.dictionary(build, list),
        packages,
        build,
        build,
        (had, lists, wishes, keptBuild, next) => {
          const store = {
            files: Object.fromEntries(had),
            builds: Object.fromEntries(
              Object.entries(lists).map(([key, of]) => [key, of.map(([at, sum]) => pack(at, sum))]),
            ),
          };
          const before = new Map(had.map(([at, sum]) => [lower(at), sum]));
          // A relative bundle: it leaves out what the kept build has.
          const keptHas = (one: string, sum: string): boolean =>
            (store.builds[keptBuild] ?? []).some((own) => {
              return own.name === one && own.sha256 === sum && before.get(lower(own.path)) === sum;
            });
          const sent = wishes.filter(([one, sum]) => !keptHas(one, sum)).map(([, sum]) => sum);
          const found = plan(store, {
            ...{ keptBuild, build: next, sent: new Set(sent) },
            packages: wishes.map(([one, sum]) => wanted(one, sum)),
          });
          const now = afterwards(store.files, found);
          for (const { path: at, sha256 } of store.builds[keptBuild] ?? []) {
            if (before.get(lower(at)) === sha256) expect(now.get(lower(at))).toBe(sha256);
          }
          if (!store.builds[keptBuild]) {
            for (const [at, sum] of before) expect(now.get(at), at).toBe(sum);
          }
          const listed = found.list.packages;
          expect(new Set(listed.map((one) => lower(one.path))).size).toBe(listed.length);
          for (const [one, sum] of wishes) {
            const mine = listed.filter((at) => at.name === one && at.sha256 === sum);
            expect(mine.some((at) => now.get(lower(at.path)) === sum)).toBe(true);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
