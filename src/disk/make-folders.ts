import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder, and those above it that are missing, as `mkdir -p` does. `made` gets each that it makes, the outermost first, also
 * where the next one fails. Throws what the system says of the one that could not be made. Node's own recursive mkdir tries for ever
 * where a folder is there and says ENOENT to each new one in it, as /proc does.
 */
export function makeFolders(path: string, mode?: number, made: string[] = []): void {
  try {
    mkdirSync(path, { mode });
    made.push(path);
  } catch (error) {
    if (isFolder(path)) return;
    const above = dirname(resolve(path));
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' || isFolder(above)) throw error;
    makeFolders(above, mode, made);
    makeFolders(path, mode, made);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
