import { closeSync, fsyncSync, lstatSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { TwinbankError } from '../diagnostics/error.ts';
import { namedAt } from '../diagnostics/system-error.ts';

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
