import { type BigIntStats, type Dirent, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { folderEntries } from './folder-entries.ts';

/**
 * Bytes that a folder or a file takes on its disk, holes left out, and what has two names counted once. What goes away
 * meanwhile counts for nothing, nor does what is in a folder that this user may not read.
 */
export function allocatedBytes(path: string, seen: Set<string> = new Set()): number {
  const stat = found(path);
  if (!stat) return 0;
  const id = `${stat.dev} ${stat.ino}`;
  if (seen.has(id)) return 0;
  seen.add(id);
  const own = Number(stat.blocks) * 512;
  if (!stat.isDirectory()) return own;
  return entriesOf(path).reduce(
    (sum, { name }) => sum + allocatedBytes(join(path, name), seen),
    own,
  );
}

function found(path: string): BigIntStats | undefined {
  return lstatSync(path, { throwIfNoEntry: false, bigint: true });
}

/** Where others' folders lie beside ours, as in /tmp, how large ours is can still be told. */
function entriesOf(folder: string): Dirent[] {
  try {
    return folderEntries(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return [];
    throw error;
  }
}
