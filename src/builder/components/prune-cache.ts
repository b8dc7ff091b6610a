import { lstatSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { allocatedBytes } from '../../disk/allocated-bytes.ts';
import { sweepScratch } from './cache.ts';
import { cacheParts } from './cache-parts.ts';
import { isNotOurs, lastUsed, ownEntries, whilePruning } from './cache-use.ts';

export interface PruneLimits {
  /** What was not used for longer goes. */
  readonly olderThanMs?: number | undefined;
  /** What was not used for longest goes, until the rest is no larger. */
  readonly maxBytes?: number | undefined;
  /** Nothing is removed. */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Sizes are bytes on the disk. */
export interface Pruned {
  readonly removed: { readonly files: number; readonly bytes: number };
  readonly left: { readonly files: number; readonly bytes: number };
  /** Of what is left, what the limits would have taken and a run that is under way may use. */
  readonly inUse: { readonly files: number; readonly bytes: number };
  /** Runs that are under way, or may be where another machine has begun them. */
  readonly runs: number;
}

interface Item {
  readonly path: string;
  readonly bytes: number;
  readonly used: number;
}

/**
 * Removes from a cache what was not used for long, by age, by size, or both; never what a run that is under way may use. Whatever
 * goes is downloaded or made again by the build that needs it.
 */
export async function pruneCache(directory: string, limits: PruneLimits): Promise<Pruned> {
  return whilePruning(directory, limits, async (protectedFrom, runs) => {
    if (!limits.dryRun) await sweepScratch(join(directory, 'scratch'));
    const items = cacheParts
      .flatMap(({ name, own }) => (own ? itemsIn(join(directory, name), '', own) : []))
      .sort((a, b) => a.used - b.used);
    const unwanted = chosen(items, limits);
    const inUse = unwanted.filter(({ used }) => used >= protectedFrom);
    const removed: Item[] = [];
    for (const item of unwanted) {
      limits.signal?.throwIfAborted();
      if (item.used < protectedFrom && (limits.dryRun || (await remove(item)))) removed.push(item);
    }
    const gone = new Set(removed);
    const left = items.filter((item) => !gone.has(item));
    return { removed: sum(removed), left: sum(left), inUse: sum(inUse), runs };
  });
}

/** False for what another user who shares the cache has put there: it is theirs to prune. */
async function remove({ path }: Item): Promise<boolean> {
  try {
    await rm(path, { recursive: true, force: true });
    return true;
  } catch (error) {
    if (isNotOurs(error)) return false;
    throw error;
  }
}

/** Of items in the order of their last use, those that the limits leave no place for. */
function chosen(
  items: readonly Item[],
  { olderThanMs = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY }: PruneLimits,
): Item[] {
  const oldest = Date.now() - olderThanMs;
  let rest = sum(items).bytes;
  return items.filter(({ used, bytes }) => {
    if (used >= oldest && rest <= maxBytes) return false;
    rest -= bytes;
    return true;
  });
}

function sum(items: readonly Item[]): { files: number; bytes: number } {
  return { files: items.length, bytes: items.reduce((total, { bytes }) => total + bytes, 0) };
}

/** What a folder has at the paths that `own` takes; a folder on the way to one is looked into, behind a link is nothing of ours. */
function itemsIn(folder: string, within: string, own: RegExp): Item[] {
  return ownEntries(join(folder, within)).flatMap((entry) => {
    const path = join(within, entry.name);
    const full = join(folder, path);
    if (own.test(path)) {
      const found = lstatSync(full, { throwIfNoEntry: false });
      return found ? [{ path: full, bytes: allocatedBytes(full), used: lastUsed(found) }] : [];
    }
    return within === '' && entry.isDirectory() ? itemsIn(folder, path, own) : [];
  });
}
