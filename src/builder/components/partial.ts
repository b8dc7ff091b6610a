import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../../disk/make-folders.ts';
import { type Cache, ignoreMissing } from './cache.ts';
import { errorCode } from './io-error.ts';

let claims = 0;

/**
 * A directory for a download under way, with what an earlier one of the same file left. It is named
 * `KEY.PID.N`; the partial of a process that is gone is taken over by renaming it, which only one taker
 * can, so two processes that fetch the same both work, each in its own directory.
 * Pass the directory to `releasePartial` when the file has been moved out.
 */
export async function claimPartial(cache: Cache, key: string): Promise<string> {
  const parent = join(cache.directory, 'partial');
  const mine = join(parent, `${key}.${process.pid}.${claims++}`);
  makeFolders(parent);
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${key}.`)) continue;
    const owner = Number(name.slice(key.length + 1).split('.')[0]);
    if (await isIdle(join(parent, name), owner)) {
      const taken = await rename(join(parent, name), mine).then(() => true, ignoreMissing);
      if (taken) return mine;
    }
  }
  await mkdir(mine);
  return mine;
}

/** Leaves a partial for the next run to go on with. */
export async function leavePartial(directory: string): Promise<void> {
  await rename(directory, directory.replace(/\.[0-9]+\.[0-9]+$/, '.0.0')).catch(async (error) => {
    // Another run has left one already: the longer history is of no use to anybody.
    if (errorCode(error) === 'ENOTEMPTY' || errorCode(error) === 'EEXIST') {
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

async function isIdle(directory: string, owner: number): Promise<boolean> {
  if (owner === 0) return (await stat(directory).catch(ignoreMissing)) !== undefined;
  if (owner === process.pid || !Number.isSafeInteger(owner)) return false;
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return errorCode(error) === 'ESRCH';
  }
}
