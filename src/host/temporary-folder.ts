import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import { refusedAt, writingAt } from '../diagnostics/system-error.ts';
import { isOwnerGone, ownerMark, ownerPattern } from './process-owner.ts';

export interface TemporaryFolder {
  readonly path: string;
  /** A second call does nothing. */
  remove(): Promise<void>;
}

const ownName = new RegExp(`^twinbank-[a-z]+-(${ownerPattern})-[A-Za-z0-9]{6}$`);

/** Whether a folder of this name is one of ours; others have names that begin as ours do. */
export function isTemporaryFolder(name: string): boolean {
  return ownName.test(name);
}

/**
 * A folder of our own that goes with this process if nobody removes it before; what a process that was killed has left, the
 * next run sweeps. `kind` is a word of small letters that says what it is for. Throws `temporary.folder` (kind `io`) where `parent` takes none.
 */
export function temporaryFolder(kind: string, parent = tmpdir()): TemporaryFolder {
  const path = makeFolder(parent, `twinbank-${kind}-${ownerMark()}-`);
  const atExit = (): void => rmSync(path, { recursive: true, force: true });
  process.once('exit', atExit);
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true });
      process.removeListener('exit', atExit);
    },
  };
}

/** Bytes that the path of a Unix socket may have (unix(7)); what is longer is cut off, so that two of them become one. */
const maxSocketPath = 107;
const shortParent = '/tmp';

/** Such a folder for Unix sockets with names of up to 16 bytes: in /tmp, where the usual folder's path is too long for them. */
export function socketFolder(kind: string): TemporaryFolder {
  const name = `twinbank-${kind}-${ownerMark()}-XXXXXX/`;
  const bytes = Buffer.byteLength(join(tmpdir(), name)) + 16;
  return temporaryFolder(kind, bytes > maxSocketPath ? shortParent : tmpdir());
}

function makeFolder(parent: string, prefix: string): string {
  try {
    return mkdtempSync(join(parent, prefix));
  } catch (cause) {
    const refused = refusedAt(parent, 'write', cause);
    if (refused) throw refused;
    const [, reason] = /^\w+: ([^,]*)/.exec((cause as Error).message) ?? [];
    const message = `${parent}: expected a folder for temporary files that can be written, found: ${reason}; set TMPDIR to another one`;
    throw new TwinbankError('io', 'temporary.folder', message, { cause });
  }
}

/** Runs work with the path of such a folder, which is gone afterwards. */
export async function withTemporaryFolder<T>(
  kind: string,
  work: (path: string) => Promise<T>,
  parent?: string,
): Promise<T> {
  const folder = temporaryFolder(kind, parent);
  try {
    return await writingAt(folder.path, () => work(folder.path));
  } finally {
    await folder.remove();
  }
}

/**
 * Removes the folders that killed processes of this user have left. It never fails: what cannot be read or removed
 * stays for another run.
 */
export function sweepTemporaryFolders(...parents: string[]): void {
  const usual = [...new Set([tmpdir(), shortParent])];
  for (const parent of parents.length > 0 ? parents : usual) sweepFolder(parent);
}

function sweepFolder(parent: string): void {
  for (const name of namesIn(parent)) {
    const mark = ownName.exec(name)?.[1];
    if (mark === undefined || !isOwnerGone(mark)) continue;
    const path = join(parent, name);
    try {
      // Anybody may have a folder of any name there.
      const found = lstatSync(path);
      if (!found.isDirectory() || found.uid !== process.getuid?.()) continue;
      rmSync(path, { recursive: true, force: true });
    } catch {}
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
