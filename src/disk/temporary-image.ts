import { randomUUID } from 'node:crypto';
import { readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import { humanSize } from '../diagnostics/size.ts';
import { refusedAt } from '../diagnostics/system-error.ts';
import { isOwnerGone, ownerMark } from '../host/process-owner.ts';
import { makeFolders } from './make-folders.ts';
import { assertOutputFolder } from './output-folder.ts';

/** A name for a file under work in a folder; a build that was killed leaves it, the next one sweeps it. */
export function temporaryName(folder: string): string {
  return join(folder, `.twinbank-${ownerMark()}-${randomUUID().slice(0, 8)}.partial`);
}

/**
 * Runs work with the path of a file beside the results, so that it can be renamed to one of them, and
 * removes what is left of it. `bytes` is what the work will write at the most that is sure to be needed:
 * a disk with less is refused before anything is written. Throws as `assertOutputFolder` does.
 */
export async function temporaryImage<T>(
  folder: string,
  bytes: number,
  work: (path: string) => Promise<T>,
): Promise<T> {
  assertOutputFolder(folder);
  makeFolders(folder);
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes) {
    throw new TwinbankError(
      'io',
      'image.no-space',
      `${folder}: expected ${humanSize(bytes)} of free space for the image, found ${humanSize(bavail * bsize)}`,
      { data: { path: folder, errno: 'ENOSPC', bytes, free: bavail * bsize } },
    );
  }
  const path = temporaryName(folder);
  try {
    return await work(path);
  } catch (error) {
    // The person does not know our temporary file.
    const isOurs = error instanceof TwinbankError && error.data.path === path;
    throw (isOurs && refusedAt(folder, 'write', error)) || error;
  } finally {
    await rm(path, { force: true });
  }
}

/**
 * Removes what builds that were killed have left in a folder: files of processes that are gone. It never fails: in a folder
 * that is shared, what has such a name may be of another user.
 */
export async function sweepTemporaryImages(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const [, mark = ''] = /^\.twinbank-(.+)-[0-9a-f]{8}\.partial$/.exec(name) ?? [];
    if (isOwnerGone(mark)) await rm(join(folder, name), { force: true }).catch(() => {});
  }
}
