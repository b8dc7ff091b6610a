import { randomUUID } from 'node:crypto';
import { type BigIntStats, statSync } from 'node:fs';
import { chmod, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { Report } from '../../diagnostics/progress.ts';
import { makeFolders } from '../../disk/make-folders.ts';
import { isOwnerGone, ownerMark } from '../../host/process-owner.ts';
import { noteUse } from './cache-use.ts';
import { digestFile, sha256 as sha256Of } from './digest.ts';
import { atPath, errorCode } from './io-error.ts';

/**
 * The content-addressed cache. Below `directory`:
 * `objects/ab/REST` bytes by their SHA-256; `derived/NAME.json` what was built of which inputs;
 * `resolutions/NAME.json` what apt and npm answered; `bundles/NAME.json` which files a bundle is made of (these three: cache-entry.ts);
 * `partial/` downloads under way; `scratch/` work under way; `apt/` apt's own index cache; `runs/` and `pruning/` who uses it (cache-use.ts).
 * Everything gets its final name by a rename, so that any number of processes may share it.
 */
export interface Cache {
  readonly directory: string;
  /** By which this user knows its own entries (cache-key.ts). */
  readonly key: Uint8Array;
  /** Where a damaged entry is told; it is then made again. */
  readonly report: Report;
}

/**
 * Objects that this process has written or hashed, each with what its file was then. No file is taken for what its name
 * says because of size and times alone, which anybody can set; within one process the time of the last change of
 * the inode, which nobody can, tells whether it was touched since. So a build, locked or not, hashes each object that
 * it uses once: the 45 MB of the default image's modules take 65 ms of processor time.
 */
const known = new WeakMap<Cache, Map<string, string>>();

function stateOf(path: string): string | undefined {
  const found = statIfThere(path);
  return found && [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ');
}

function statIfThere(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    return ignoreMissing(error);
  }
}

function remember(cache: Cache, path: string, state: string | undefined): void {
  if (state === undefined) return;
  known.set(cache, (known.get(cache) ?? new Map<string, string>()).set(path, state));
}

function objectPath(cache: Cache, sha256: string): string {
  return join(cache.directory, 'objects', sha256.slice(0, 2), sha256.slice(2));
}

/**
 * The path of an object, or undefined when it is not there. `bytes` is its size when known. A damaged
 * one is removed with a warning, and is then not there.
 */
export async function findObject(
  cache: Cache,
  sha256: string,
  bytes?: number,
): Promise<string | undefined> {
  const path = objectPath(cache, sha256);
  return atPath(path, async () => {
    const before = stateOf(path);
    if (before === undefined) return undefined;
    if (known.get(cache)?.get(path) === before) return path;
    await noteUse(path);
    const state = stateOf(path);
    const found = statSync(path);
    // A pipe would have no other end.
    const sizeIsRight = found.isFile() && (bytes === undefined || found.size === bytes);
    if (sizeIsRight && (await digestFile(path, 'sha256', 'hex')) === sha256) {
      // What was written meanwhile has another time than what is remembered.
      remember(cache, path, state);
      return path;
    }
    cache.report({ type: 'warning', text: `${path}: damaged in the cache; it is made again` });
    await rm(path, { recursive: true, force: true });
    return undefined;
  });
}

/** Moves a finished file into the cache and returns its object; it must lie on the same file system. */
export async function addFile(cache: Cache, file: string): Promise<StoredObject> {
  return atPath(file, async () => {
    const sha256 = await digestFile(file, 'sha256', 'hex');
    const { size } = statSync(file);
    const path = objectPath(cache, sha256);
    makeFolders(dirname(path));
    await chmod(file, 0o644);
    await rename(file, path);
    remember(cache, path, stateOf(path));
    return { path, sha256, bytes: size };
  });
}

export interface StoredObject {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Puts bytes into the cache. */
export async function addBytes(cache: Cache, data: Uint8Array): Promise<StoredObject> {
  const sha256 = sha256Of(data);
  const path = (await findObject(cache, sha256, data.length)) ?? objectPath(cache, sha256);
  await writeWhole(path, data);
  remember(cache, path, stateOf(path));
  return { path, sha256, bytes: data.length };
}

/** The bytes of an object with their hash checked. Throws `cache.object-missing`, `cache.object-damaged`. */
export async function readObject(cache: Cache, sha256: string): Promise<Buffer> {
  const path = objectPath(cache, sha256);
  const data = await readFile(path).catch(ignoreMissing);
  if (!data) {
    throw new TwinbankError('io', 'cache.object-missing', `${path}: expected it, found nothing`);
  }
  const found = sha256Of(data);
  if (found !== sha256) {
    await rm(path, { force: true });
    throw new TwinbankError(
      'io',
      'cache.object-damaged',
      `${path}: expected SHA-256 ${sha256}, found ${found}; it was removed, run the command again`,
    );
  }
  return data;
}

/** Writes a file so that its name never shows half of it; makes its folder. On failure nothing is left. */
export async function writeWhole(path: string, data: Uint8Array | string) {
  await atPath(path, async () => {
    makeFolders(dirname(path));
    const temporary = `${path}.${randomUUID()}.tmp`;
    try {
      await writeFile(temporary, data, { mode: 0o644 });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

/** Runs work with a private directory on the cache's file system, which is removed afterwards. */
export async function withScratch<T>(
  cache: Cache,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const parent = join(cache.directory, 'scratch');
  const directory = join(parent, `${ownerMark()}-${randomUUID().slice(0, 8)}`);
  await atPath(directory, async () => makeFolders(directory));
  await sweepScratch(parent);
  try {
    return await atPath(directory, () => work(directory));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What builds that were killed have left: hundreds of MB each. */
export async function sweepScratch(parent: string): Promise<void> {
  for (const name of (await readdir(parent).catch(ignoreMissing)) ?? []) {
    const mark = name.slice(0, name.lastIndexOf('-'));
    if (!isOwnerGone(mark)) continue;
    // Of another user who shares the cache, it is theirs to remove.
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => {});
  }
}

/** For `.catch`: a missing file is undefined, everything else is thrown on. */
export function ignoreMissing(error: unknown): undefined {
  const code = errorCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
  throw error;
}
