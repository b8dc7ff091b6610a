import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Names in a folder of /sys, sorted; none where it is not there, or has gone with its device meanwhile. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** What a file of /sys says, without its line end; empty where it is not there, or its device has gone. */
export function textOf(file: string): string {
  try {
    // Most devices have no such file, and to throw takes longer than to ask.
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  } catch {
    return '';
  }
}
