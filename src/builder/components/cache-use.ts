import { type Dirent, lstatSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { TwinbankError } from '../../diagnostics/error.ts';
import { orAborted } from '../../diagnostics/or-aborted.ts';
import { folderEntries } from '../../disk/folder-entries.ts';
import { makeFolders } from '../../disk/make-folders.ts';
import { ownerMark, ownerOf, ownerPattern } from '../../host/process-owner.ts';
import { atPath, errorCode } from './io-error.ts';

/*
 * Who uses a cache, so that `cache prune` takes nothing from a run that is under way. Each run has a mark in `runs/`, each prune one in
 * `pruning/`. A run writes its mark and then waits for prunes that have theirs; a prune writes its own and then looks at the marks of
 * runs: whichever comes second sees the other.
 */

/** How old the time of the last use may be before a use is noted again. */
const noteEveryMs = 3_600_000;
/** Marks of another machine or container count so long: nobody here can tell whether their process is still there. */
const foreignRunMs = 24 * 3_600_000;
/** It takes seconds, and builds wait for it. */
const foreignPruneMs = 60_000;
const lookAgainMs = 50;
const isMark = new RegExp(`^${ownerPattern}$`);

/** Marks of this process, by path, and until when each has to wait. */
const entered = new Map<string, Promise<void>>();
process.once('exit', () => {
  for (const path of entered.keys()) rmSync(path, { force: true });
});

/** Notes that this process uses a cache, once; waits for a prune that is under way. */
export async function enterCache(directory: string, signal: AbortSignal): Promise<void> {
  const mark = join(directory, 'runs', ownerMark());
  const free =
    entered.get(mark) ??
    atPath(directory, async () => {
      if (!writeMark(mark)) return;
      // What killed runs have left; a folder that is never pruned would fill.
      livingMarks(dirname(mark), (owner) => owner !== 'gone');
      await prunesEnded(directory);
    });
  entered.set(mark, free);
  await orAborted(free, signal);
}

/** Takes as long as a prune does to look at the cache's files: none waits for anything. */
export async function prunesEnded(directory: string): Promise<void> {
  const isLiving = livingFor(foreignPruneMs);
  while (livingMarks(join(directory, 'pruning'), isLiving).length > 0) await pause(lookAgainMs);
}

/** Runs work while no run enters the cache. `protectedFrom`: what was used since then, in milliseconds of the clock, a living run may use. */
export async function whilePruning<T>(
  directory: string,
  { dryRun = false }: { readonly dryRun?: boolean | undefined },
  work: (protectedFrom: number, runs: number) => Promise<T>,
): Promise<T> {
  const mark = join(directory, 'pruning', ownerMark());
  if (!dryRun) {
    makeFolders(dirname(mark));
    makeMark(mark);
  }
  try {
    const runs = livingMarks(join(directory, 'runs'), livingFor(foreignRunMs), dryRun);
    return await work(Math.min(...runs) - noteEveryMs, runs.length);
  } finally {
    if (!dryRun) rmSync(mark, { force: true });
  }
}

function livingFor(foreignMs: number): IsLiving {
  return (owner, ageMs) => owner === 'there' || (owner === 'unknown' && ageMs < foreignMs);
}

/** When a file of the cache was used last, in milliseconds of the clock: the time of its last access or of its content. */
export function lastUsed(found: { readonly atimeMs: number; readonly mtimeMs: number }): number {
  return Math.max(found.atimeMs, found.mtimeMs);
}

/** Notes that a file of the cache is used; a file system may note no accesses by itself (`noatime`). */
export async function noteUse(path: string): Promise<void> {
  try {
    // Synchronous, as what is read is: a turn of Node's thread pool takes ten times as long.
    const found = statSync(path);
    const now = Date.now();
    if (now - lastUsed(found) > noteEveryMs) await utimes(path, now / 1000, found.mtimeMs / 1000);
  } catch (error) {
    // Gone meanwhile, or of another user who shares the cache: it is theirs to prune.
    if (errorCode(error) !== 'ENOENT' && !isNotOurs(error)) throw error;
  }
}

/** A file of this process alone: in a cache that others may write to, a link may lie under any name. */
function makeMark(path: string): void {
  if (!lstatSync(dirname(path)).isDirectory()) {
    const message = `${dirname(path)}: expected a folder of the cache, found a link`;
    throw new TwinbankError('io', 'cache.link', message);
  }
  rmSync(path, { force: true });
  writeFileSync(path, '', { flag: 'wx' });
}

/** False where this user may not write: nor may a prune of theirs, and what others prune is made again by another run. */
function writeMark(path: string): boolean {
  try {
    makeFolders(dirname(path));
    makeMark(path);
    return true;
  } catch (error) {
    if (isNotOurs(error)) return false;
    throw error;
  }
}

export function isNotOurs(error: unknown): boolean {
  return ['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error) ?? '');
}

type IsLiving = (owner: ReturnType<typeof ownerOf>, ageMs: number) => boolean;

/**
 * When each living process of the marks in a folder began; the other marks are removed, unless they are to `stay`. What is no mark
 * is nobody's to remove, and what lies behind a link is none of the cache. A clock that was set back makes no mark younger.
 */
function livingMarks(folder: string, isLiving: IsLiving, stay = false): number[] {
  const begun: number[] = [];
  for (const entry of ownEntries(folder)) {
    const path = join(folder, entry.name);
    if (!entry.isFile() || !isMark.test(entry.name)) continue;
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) continue;
    const ageMs = Math.abs(Date.now() - found.mtimeMs);
    if (isLiving(ownerOf(entry.name), ageMs)) begun.push(found.mtimeMs);
    else if (!stay) rmSync(path, { force: true });
  }
  return begun;
}

/** What a folder of the cache has, which is no link to another one. */
export function ownEntries(folder: string): Dirent[] {
  const isFolder = lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? folderEntries(folder) : [];
}
