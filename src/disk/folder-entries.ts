import { type Dirent, readdirSync } from 'node:fs';

/** What a folder has, by the order of the file system; nothing where there is no such folder. Everything else is thrown on. */
export function folderEntries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
