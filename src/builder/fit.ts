import { TwinbankError } from '../diagnostics/error.ts';
import { exactSize, humanSize } from '../diagnostics/size.ts';
import { clusterBytes, planFat16 } from '../disk/fat/geometry.ts';
import { storeSlackClusters } from '../update/plan-store.ts';
import type { ImageFile } from './bank.ts';

/** What a recipe can give a bank (src/recipe/schema.ts); FAT16 ends just below 2 GiB. */
const largestFat16 = 2047 * 2 ** 20;

/** How a bank is filled: what each file takes of it, in bytes. */
export interface Fit {
  readonly size: number;
  /** Bytes for files: what FAT16's own structures leave. */
  readonly capacity: number;
  readonly rows: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly taken: number;
  }[];
  readonly free: number;
  readonly reserve: number;
}

/** What the files, and the folders that they are in, take in a volume of `size` bytes: whole clusters each. */
export function computeFit(size: number, reserve: number, files: readonly ImageFile[]): Fit {
  return fitRows(size, reserve, [...files, ...foldersOf(files)]);
}

interface Content {
  readonly name: string;
  readonly bytes: number;
}

function fitRows(size: number, reserve: number, contents: readonly Content[]): Fit {
  const geometry = planFat16(size);
  const unit = clusterBytes(geometry);
  const rows = contents.map(({ name, bytes }) => {
    return { name, bytes, taken: Math.ceil(bytes / unit) * unit };
  });
  const capacity = geometry.clusters * unit;
  const free = capacity - rows.reduce((sum, { taken }) => sum + taken, 0);
  return { size, capacity, rows, free, reserve };
}

/** The folders of the files' names, with what their entries take (FAT specification 1.03, sections 6, 7). */
function foldersOf(files: readonly ImageFile[]): Content[] {
  const folders = new Map<string, number>();
  for (const { name } of files) {
    for (let path = name, end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/')) {
      const folder = path.slice(0, end);
      const known = folders.get(folder);
      // One entry for the short name, one for each 13 characters of a long one; `.` and `..` at the start.
      const entries = 1 + Math.ceil((path.length - end - 1) / 13) + (known === undefined ? 2 : 0);
      folders.set(folder, (known ?? 0) + 32 * entries);
      if (known !== undefined) break;
      path = folder;
    }
  }
  return [...folders].map(([name, bytes]) => ({ name: `${name}/`, bytes }));
}

/**
 * Throws `fit.bank` when less than the reserve is left, naming the largest file, those of OEMs, and a size that
 * would do.
 */
export function assertFits(fit: Fit, oemFiles: readonly string[] = []): void {
  if (fit.free >= fit.reserve) return;
  const largest = [...fit.rows].sort((a, b) => b.taken - a.taken)[0];
  const found =
    fit.free >= 0
      ? `${humanSize(fit.free)} free`
      : `files that are ${humanSize(-fit.free)} too large`;
  const enough = sizeThatWouldDo(fit);
  const way = enough === undefined ? 'no FAT16 is large enough' : `a bank of ${enough} would do`;
  const oems = fit.rows.filter(({ name }) => oemFiles.includes(name));
  const named = oems.map(({ name, bytes }) => `${name} with ${humanSize(bytes)}`).join(', ');
  const others = oems.length > 0 ? `; OEMs bring ${named}: leave one out, or` : ';';
  throw new TwinbankError(
    'recipe',
    'fit.bank',
    `bank.size ${exactSize(fit.size)}: expected ${exactSize(fit.reserve)} to stay free (bank.reserve), found ${found}; the largest file is ${largest?.name} with ${humanSize(largest?.bytes ?? 0)}${others} ${way}`,
    { data: { fit } },
  );
}

/** Throws `fit.store` when the store's packages need more room than it has. */
export function assertStoreFits(fit: Fit): void {
  if (fit.free >= 0) return;
  const enough = sizeThatWouldDo(fit);
  throw new TwinbankError(
    'recipe',
    'fit.store',
    `store.size ${exactSize(fit.size)}: expected room for the store's packages, found ${humanSize(-fit.free)} too little; ${enough === undefined ? 'no FAT16 is large enough' : `a store of ${enough} would do`}`,
    { data: { fit } },
  );
}

/**
 * What is to be said of a store with room for the packages of one bank only: an update to a build that has none of them is
 * refused. Undefined of others.
 */
export function storeRoomWarning(fit: Fit): string | undefined {
  const packages = fit.rows.filter(({ name }) => /^packages\/./.test(name));
  const taken = packages.reduce((sum, one) => sum + one.taken, 0);
  const clusters = planFat16(fit.size);
  const reserve = taken + storeSlackClusters * clusterBytes(clusters);
  if (taken === 0 || fit.free >= reserve) return undefined;
  const enough = sizeThatWouldDo({ ...fit, reserve });
  const way = enough === undefined ? '' : `; a store of ${enough} would do`;
  return `store.size ${exactSize(fit.size)}: an update that replaces all packages needs ${humanSize(reserve)} beside them and finds ${humanSize(fit.free)}, so that hosts refuse it${way}`;
}

/** The smallest whole MiB that holds the same files; beyond some sizes clusters double, so it is tried. */
function sizeThatWouldDo({ size, reserve, rows, free }: Fit): string | undefined {
  const MiB = 2 ** 20;
  const first = Math.ceil((size + reserve - free) / MiB) * MiB;
  for (let enough = first; enough <= largestFat16; enough += MiB) {
    if (fitRows(enough, reserve, rows).free >= reserve) return exactSize(enough);
  }
  return undefined;
}
