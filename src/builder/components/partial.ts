import { randomUUID } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../../disk/make-folders.ts';
import { isOwnerGone, ownerMark } from '../../host/process-owner.ts';
import { type Cache, ignoreMissing } from './cache.ts';
import { isNotOurs, noteUse, ownEntries } from './cache-use.ts';
import { errorCode } from './io-error.ts';

/** Behind the key, of a download that was broken off in order: nobody's, until somebody takes it over. */
const leftBehind = 'left';

/**
 * A directory for a download under way, with what an earlier one of the same file left. It is named
 * `KEY.OWNER-RANDOM` (process-owner.ts), or `KEY.left`; the partial of a process that has surely gone is taken over by renaming it,
 * which only one taker can. So two that fetch the same both work, each in its own directory, also in two containers with the same
 * process number; what one of another container or machine has left, `cache prune` removes.
 * Pass the directory to `releasePartial` when the file has been moved out.
 */
export async function claimPartial(cache: Cache, key: string): Promise<string> {
  const parent = join(cache.directory, 'partial');
  const mine = join(parent, `${key}.${ownerMark()}-${randomUUID().slice(0, 8)}`);
  makeFolders(parent);
  for (const entry of ownEntries(parent)) {
    if (!entry.isDirectory() || !isIdle(entry.name, key)) continue;
    const path = join(parent, entry.name);
    if (!isOwn(path)) continue;
    // Its age is that of the run before; a prune must take it for one that is used.
    await noteUse(path);
    if (!(await takeOver(path, mine))) continue;
    await removeLinks(mine);
    return mine;
  }
  await mkdir(mine);
  return mine;
}

/** False where another one has taken it, or it is another user's who shares the cache. */
async function takeOver(path: string, mine: string): Promise<boolean> {
  try {
    await rename(path, mine);
    return true;
  } catch (error) {
    if (!isNotOurs(error)) ignoreMissing(error);
    return false;
  }
}

/** Leaves a partial for the next run to go on with. */
export async function leavePartial(directory: string): Promise<void> {
  const left = directory.replace(/\.[^./]+$/, `.${leftBehind}`);
  await rename(directory, left).catch(async (error) => {
    // Another run has left one already: the longer history is of no use to anybody.
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? '')) {
      await releasePartial(directory);
    } else ignoreMissing(error);
  });
}

/** Removes a partial directory that is of no more use. */
export async function releasePartial(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}

/** The one file in a partial directory and its size so far. */
export async function partialFile(
  directory: string,
): Promise<{ path: string; bytes: number } | undefined> {
  const [name] = ((await readdir(directory).catch(ignoreMissing)) ?? []).sort();
  if (name === undefined) return undefined;
  const path = join(directory, name);
  const found = await stat(path).catch(ignoreMissing);
  return found && { path, bytes: found.size };
}

/** Into one of another user who shares the cache this one may not write, and that one could put links under a download's names. */
function isOwn(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.();
}

function isIdle(name: string, key: string): boolean {
  if (!name.startsWith(`${key}.`)) return false;
  const owner = name.slice(key.length + 1);
  return owner === leftBehind || isOwnerGone(owner.slice(0, owner.lastIndexOf('-')));
}

/** A download writes into what is there: in a cache that others may write to, through a link into any file of this user. */
async function removeLinks(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const found = await lstat(path);
    if (!found.isFile() || found.nlink > 1) await rm(path, { recursive: true, force: true });
  }
}
