import { lstatSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { allocatedBytes } from '../../disk/allocated-bytes.ts';
import { folderEntries } from '../../disk/folder-entries.ts';
import { sweepScratch } from './cache.ts';
import { cacheParts } from './cache-parts.ts';
import { lastUsed, whilePruning } from './cache-use.ts';

export interface PruneLimits {
  /** What was not used for longer goes. */
  readonly olderThanMs?: number | undefined;
  /** What was not used for longest goes, until the rest is no larger. */
  readonly maxBytes?: number | undefined;
  /** Nothing is removed. */
  readonly dryRun?: boolean | undefined;
}

/** Sizes are bytes on the disk. */
export interface Pruned {
  readonly removed: { readonly files: number; readonly bytes: number };
  readonly left: { readonly files: number; readonly bytes: number };
  /** Of what is left, what the limits would have taken and a run that is under way may use. */
  readonly inUse: { readonly files: number; readonly bytes: number };
  /** Runs that are under way. */
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
  return whilePruning(directory, async (protectedFrom, runs) => {
    if (!limits.dryRun) await sweepScratch(join(directory, 'scratch'));
    const items = cacheParts
      .flatMap(({ name, depth = 0 }) => (depth > 0 ? itemsIn(join(directory, name), depth) : []))
      .sort((a, b) => a.used - b.used);
    const unwanted = chosen(items, limits);
    const inUse = unwanted.filter(({ used }) => used >= protectedFrom);
    const removed = unwanted.filter(({ used }) => used < protectedFrom);
    if (!limits.dryRun) {
      for (const { path } of removed) await rm(path, { recursive: true, force: true });
    }
    const gone = new Set(removed);
    const left = items.filter((item) => !gone.has(item));
    return { removed: sum(removed), left: sum(left), inUse: sum(inUse), runs };
  });
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

function itemsIn(folder: string, depth: number): Item[] {
  return folderEntries(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (depth > 1 && entry.isDirectory()) return itemsIn(path, depth - 1);
    const found = lstatSync(path, { throwIfNoEntry: false });
    // A download under way is a folder.
    return found ? [{ path, bytes: allocatedBytes(path), used: lastUsed(found) }] : [];
  });
}
