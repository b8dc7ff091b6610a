import { statfsSync } from 'node:fs';

/** Bytes of the file system that a folder is in, and those that are free in it. */
export interface FileRoom {
  readonly bytes: number;
  readonly free: number;
}

/** Throws what statfs(2) says of a folder that is not there. */
export function roomAt(folder: string): FileRoom {
  const { blocks, bavail, bsize } = statfsSync(folder);
  return { bytes: blocks * bsize, free: bavail * bsize };
}

/** Whether a write failed as there was no room for it. */
export function isNoRoom(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOSPC';
}
