import { existsSync, readFileSync } from 'node:fs';

/** The lines of a file that another process may be writing, whole ones only: none when there is no file yet, or an empty one. */
export function writtenLines(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}
