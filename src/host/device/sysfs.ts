import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** Where Linux tells of its devices; a test has folders of its own. */
export interface SystemFolders {
  readonly sys: string;
  readonly proc: string;
  readonly run: string;
}

export const systemFolders: SystemFolders = { sys: '/sys', proc: '/proc', run: '/run' };

/** Content of a small file without white space around it, or undefined where there is none to be read. */
export function textOf(...path: string[]): string | undefined {
  try {
    return readFileSync(join(...path), 'utf8').trim();
  } catch {
    return undefined;
  }
}

export function numberOf(...path: string[]): number | undefined {
  const text = textOf(...path);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Names in a folder, none where there is no such folder. */
export function namesIn(...path: string[]): string[] {
  try {
    return readdirSync(join(...path)).sort();
  } catch {
    return [];
  }
}

/** What a link in the end leads to, or undefined. */
export function followed(...path: string[]): string | undefined {
  try {
    return realpathSync(join(...path));
  } catch {
    return undefined;
  }
}

/** `8:16` of a device number, as sysfs and mountinfo write it (glibc, sys/sysmacros.h). */
export function deviceNumber(rdev: number): string {
  const number = BigInt(rdev);
  const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & ~0xfffn);
  const minor = (number & 0xffn) | ((number >> 12n) & ~0xffn);
  return `${major}:${minor}`;
}
