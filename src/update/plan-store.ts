import type { ManifestPackage } from '../bootloader/bank-manifest.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { humanSize } from '../diagnostics/size.ts';

/** A package as a list in `builds/` has it. */
export interface StoredPackage extends ManifestPackage {
  /** In the store, such as `packages/tool_1_amd64.deb`. */
  readonly path: string;
}

/** The list of the packages that belong to a build: `builds/BUILD.json`. */
export interface StoreBuild {
  readonly build: string;
  readonly packages: readonly StoredPackage[];
}

/** What a store holds now. */
export interface StoreFacts {
  readonly builds: readonly StoreBuild[];
  /** Files of `packages/`, paths and bytes. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly freeBytes: number;
  readonly clusterBytes: number;
  /** Hash of a file, read from the disk. */
  hashOf(path: string): string | undefined;
}

/** What an update does to a store. */
export interface StorePlan {
  /** Lists and packages that neither bank needs once the other one is overwritten; they go first. */
  readonly remove: readonly string[];
  readonly add: readonly StoredPackage[];
  /** There already. */
  readonly reuse: readonly StoredPackage[];
  readonly list: StoreBuild;
}

export interface StoreRequest {
  /** Of the bank that stays. */
  readonly keptBuild: string;
  /** Of the bank that is written. */
  readonly build: string;
  readonly packages: readonly ManifestPackage[];
  /** Hashes of the packages that the bundle brings. */
  readonly sent: ReadonlySet<string>;
}

/**
 * Both banks find their packages in the store, and what no bank needs any more goes. Nothing that the kept
 * build lists is removed or written over: where it has another package of the same name, the new one goes
 * into a folder of its build. Throws `update.package-missing` and `update.store-full` (kind `refused`).
 */
export function planStore(facts: StoreFacts, request: StoreRequest): StorePlan {
  const lists = facts.builds.filter(({ build }) => build === request.keptBuild);
  const kept = lists.flatMap(({ packages }) => packages);
  // Without its list nobody knows what the kept build needs: then it is everything.
  const isKept =
    lists.length > 0
      ? (path: string) => kept.some((own) => samePath(own.path, path))
      : (path: string) => facts.files.some((file) => samePath(file.path, path));
  const isThere = ({ path, bytes, sha256 }: StoredPackage): boolean =>
    facts.files.some((file) => samePath(file.path, path) && file.bytes === bytes) &&
    facts.hashOf(path) === sha256;
  const isOther = (one: StoredPackage): boolean => {
    const own = kept.find(({ path }) => samePath(path, one.path));
    return own ? own.sha256 !== one.sha256 : isKept(one.path) && !isThere(one);
  };
  // Of the kept build first: what stays there is what a bundle relative to it leaves out.
  const known = [...kept, ...facts.builds.flatMap((list) => list.packages)];
  const packages = request.packages.map((one): StoredPackage => {
    const places = known
      .filter((own) => own.name === one.name)
      .map(({ path }) => ({ ...one, path }));
    const there = places.find(isThere);
    if (there) return there;
    for (let folder = 0; ; folder++) {
      const placed = { ...one, path: pathOf(request.build, one.name, folder) };
      if (!isOther(placed)) return placed;
    }
  });
  const reuse = packages.filter(isThere);
  const add = packages.filter((one) => !reuse.includes(one));
  const missing = add.find(({ sha256 }) => !request.sent.has(sha256));
  if (missing) {
    const message = `store: expected ${missing.name} in the bundle or in the store, found it in neither; take a bundle that is not relative to an older build`;
    throw new TwinbankError('refused', 'update.package-missing', message);
  }
  const gone = facts.files.filter(
    ({ path }) => !isKept(path) && !reuse.some((one) => samePath(one.path, path)),
  );
  const others = facts.builds.filter(
    ({ build }) => build !== request.keptBuild && build !== request.build,
  );
  const own = request.build === request.keptBuild ? kept : [];
  const stay = own.filter((one) => !packages.some(({ path }) => samePath(path, one.path)));
  assertRoom(facts, { gone, add });
  return {
    remove: [...others.map(({ build }) => `builds/${build}.json`), ...gone.map(({ path }) => path)],
    add,
    reuse,
    list: { build: request.build, packages: [...stay, ...packages] },
  };
}

/** `packages/NAME`; where the kept build has another of this name, in a folder of the new one. */
function pathOf(build: string, name: string, folder: number): string {
  if (folder === 0) return `packages/${name}`;
  return `packages/${build}${folder === 1 ? '' : `.${folder}`}/${name}`;
}

/** A list, a folder or two, and what is written over stays until the next flush. */
export const storeSlackClusters = 8;

function assertRoom(
  { freeBytes, clusterBytes }: StoreFacts,
  { gone, add }: { gone: readonly { bytes: number }[]; add: readonly { bytes: number }[] },
): void {
  const taken = (files: readonly { bytes: number }[]): number =>
    files.reduce((sum, { bytes }) => sum + Math.ceil(bytes / clusterBytes) * clusterBytes, 0);
  const free = freeBytes + taken(gone) - storeSlackClusters * clusterBytes;
  if (taken(add) <= free) return;
  const message = `store: expected room for ${humanSize(taken(add))} of packages, found ${humanSize(Math.max(0, free))}`;
  throw new TwinbankError('refused', 'update.store-full', message, {
    data: { needed: taken(add), free },
  });
}

function samePath(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
