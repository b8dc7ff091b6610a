import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { Report } from '../../diagnostics/progress.ts';
import { isSystemError, namedAt } from '../../diagnostics/system-error.ts';
import { makeFolders } from '../../disk/make-folders.ts';
import { cacheDirectory, stateDirectory } from '../../host/own-folders.ts';
import { ownerMark } from '../../host/process-owner.ts';
import { type Cache, ignoreMissing } from './cache.ts';
import { errorCode } from './io-error.ts';

const keyBytes = 32;

/** The cache of whoever has this environment. */
export function userCache(
  env: Readonly<Record<string, string | undefined>>,
  report: Report,
): Cache {
  const key = cacheKey(() => stateDirectory(env), report);
  return { directory: cacheDirectory(env), key, report };
}

/**
 * The key by which this user's runs know the entries of caches that they have written themselves (cache-entry.ts): `cache.key` in
 * the folder of the user's state, made where there is none. Where none can be had, or others can read it, a warning says so, and
 * this run has a key of its own: it believes nothing that was there before.
 */
export function cacheKey(folder: () => string, report: Report): Uint8Array {
  try {
    const path = join(folder(), 'cache.key');
    return readKey(path) ?? makeKey(path);
  } catch (error) {
    if (!(error instanceof TwinbankError || isSystemError(error))) throw error;
    const text = `${error.message}; without the key of earlier runs, what they have built is made again`;
    report({ type: 'warning', text });
    return randomBytes(keyBytes);
  }
}

/** Undefined where there is none. Throws `cache.key` (kind `refused`) for one that is not this user's alone. */
function readKey(path: string): Uint8Array | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let file: number | undefined;
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ELOOP') throw notAlone(path, 'a link');
    if (errorCode(error) !== 'ENOENT') throw namedAt(path, error);
    return undefined;
  }
  try {
    const found = fstatSync(file);
    const mode = found.mode & 0o777;
    if (!found.isFile()) throw notAlone(path, 'no plain file');
    if (found.uid !== process.getuid?.()) throw notAlone(path, `one of user ${found.uid}`);
    if ((mode & 0o077) !== 0) throw notAlone(path, `mode 0${mode.toString(8)}`);
    if (found.size !== keyBytes) throw notAlone(path, `${found.size} bytes`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Two runs may make it at once: it gets its name whole, and the first one's counts. */
function makeKey(path: string): Uint8Array {
  const partial = `${path}.${ownerMark()}`;
  try {
    makeFolders(dirname(path), 0o700);
    rmSync(partial, { force: true });
    writeFileSync(partial, randomBytes(keyBytes), { flag: 'wx', mode: 0o600, flush: true });
    nameUnlessThere(partial, path);
  } catch (error) {
    throw namedAt(path, error);
  } finally {
    removeIfThere(partial);
  }
  return readKey(path) ?? randomBytes(keyBytes);
}

/** Of the folder, EEXIST says that a link which leads to nothing has its name. */
function nameUnlessThere(partial: string, path: string): void {
  try {
    linkSync(partial, path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    ignoreMissing(error);
  }
}

function notAlone(path: string, found: string): TwinbankError {
  const message = `${path}: expected a file of ${keyBytes} bytes that this user alone can read and write, found ${found}; remove it`;
  return new TwinbankError('refused', 'cache.key', message, { data: { path } });
}
