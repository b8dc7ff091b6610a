import { lstatSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';

/** Where an output goes in the end. */
export type OutputPlace =
  /** `there` is undefined where there is nothing of this name yet. */
  | { readonly kind: 'file'; readonly path: string; readonly there?: Stats }
  /** What we were started with: `/dev/stdout`, `/dev/fd/63`, or a link to it. */
  | { readonly kind: 'descriptor'; readonly fd: number }
  | { readonly kind: SpecialKind; readonly path: string; readonly there: Stats };

type SpecialKind = 'folder' | 'pipe' | 'block-device' | 'character-device' | 'socket';

/** As many as the kernel follows (path_resolution(7)). */
const maxLinks = 40;

/**
 * What a name leads to, links followed, also those that lead to nothing yet: a file made there is what they mean. Throws
 * `output.no-device` (kind `refused`) for what is missing below /dev, and errors of the operating system.
 */
export function outputPlace(path: string): OutputPlace {
  let at = path;
  for (let links = 0; links < maxLinks; links++) {
    assertNoMissingDevice(at, path);
    const folder = realFolder(at);
    if (folder === undefined) return { kind: 'file', path: at };
    const fd = ownDescriptor(folder, basename(at));
    if (fd !== undefined) return { kind: 'descriptor', fd };
    const real = join(folder, basename(at));
    const there = ifThere(real, lstatSync);
    if (!there) return { kind: 'file', path: real };
    if (!there.isSymbolicLink()) return placeOf(real, there);
    at = resolve(folder, readlinkSync(real));
  }
  const message = `${path}: expected a name that leads to a file, found links without an end`;
  throw new TwinbankError('io', 'output.links', message);
}

/**
 * Below /dev a file would be in memory, under a name that a disk shall have: of what is missing there nothing is made. Throws
 * `output.no-device` (kind `refused`). What is mounted below it, as /dev/shm is, may hold files.
 */
export function assertNoMissingDevice(path: string, name = path): void {
  if (ifThere(path, statSync)) return;
  let folder = dirname(path);
  while (!ifThere(folder, statSync)) folder = dirname(folder);
  const real = `${realpathSync(folder)}${sep}`;
  if (!real.startsWith('/dev/') || statSync(folder).dev !== statSync('/dev').dev) return;
  // A link that leads to something is no missing name, whoever may look behind it.
  if (ifThere(path, lstatSync)?.isSymbolicLink()) return;
  const message = `${name}: expected a device that is there, found none of this name below /dev`;
  throw new TwinbankError('refused', 'output.no-device', message, { data: { path: name } });
}

function placeOf(path: string, there: Stats): OutputPlace {
  if (there.isFile()) return { kind: 'file', path, there };
  if (there.isDirectory()) return { kind: 'folder', path, there };
  if (there.isFIFO()) return { kind: 'pipe', path, there };
  if (there.isBlockDevice()) return { kind: 'block-device', path, there };
  return { kind: there.isSocket() ? 'socket' : 'character-device', path, there };
}

/** What a file system call finds; undefined where a part of the path is missing, or no folder. */
export function ifThere(path: string, look: (path: string) => Stats): Stats | undefined {
  try {
    return look(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function realFolder(path: string): string | undefined {
  const folder = dirname(path);
  return ifThere(folder, statSync) && realpathSync(folder);
}

/** `/proc/self/fd/1` is no link like others: what it leads to may have no name, or another one by now. */
function ownDescriptor(folder: string, name: string): number | undefined {
  const isOwn = folder === `/proc/${process.pid}/fd` || folder === '/proc/self/fd';
  return isOwn && /^\d+$/.test(name) ? Number(name) : undefined;
}
