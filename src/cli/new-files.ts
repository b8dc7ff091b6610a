import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import { namedAt } from '../diagnostics/system-error.ts';
import { makeFolders } from '../disk/make-folders.ts';

interface NewFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/**
 * Writes files that are not there yet: all of them or, after an error, none. A file has its mode when it
 * comes into being. Throws `keys.exists` (refused) for one that is there, which stays as it is.
 */
export function writeNewFiles(files: readonly NewFile[]): void {
  const made: string[] = [];
  try {
    for (const { path, text, mode } of files) {
      const fd = openNew(path, mode);
      made.push(path);
      try {
        writeFileSync(fd, text);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    }
  } catch (error) {
    for (const path of made) rmSync(path, { force: true });
    throw namedAt(made.at(-1) ?? '', error);
  }
}

interface TreeFile {
  /** Below the folder of the tree. */
  readonly path: string;
  readonly text: string;
  readonly executable?: boolean;
}

/** Writes new files with the folders that they need, all of it or, after an error, nothing. */
export function writeNewTree(folder: string, files: readonly TreeFile[]): void {
  const whole = files.map(({ path, text, executable = false }) => {
    return { path: join(folder, path), text, mode: executable ? 0o777 : 0o666 };
  });
  const folders = whole.map(({ path }) => dirname(path));
  withNewFolders(folders, 0o777, () => writeNewFiles(whole));
}

/** Makes folders, and does work in them; those that it made are gone again when that fails. */
export function withNewFolders(folders: readonly string[], mode: number, work: () => void): void {
  const made: string[] = [];
  try {
    for (const folder of folders) makeFolders(folder, mode, made);
    work();
  } catch (error) {
    for (const folder of made.reverse()) removeEmpty(folder);
    throw error;
  }
}

/** What another program has put there meanwhile stays. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
  }
}

function openNew(path: string, mode: number): number {
  try {
    return openSync(path, 'wx', mode);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? exists(path) : error;
  }
}

/** Throws `keys.exists` (refused) where something is, before anything is made for it. */
export function assertNew(path: string): void {
  // A link that leads nowhere is there, too.
  if (lstatSync(path, { throwIfNoEntry: false })) throw exists(path);
}

function exists(path: string): TwinbankError {
  const message = `${path}: expected no file of this name, found one; a key is never overwritten`;
  return new TwinbankError('refused', 'keys.exists', message, { data: { path } });
}
