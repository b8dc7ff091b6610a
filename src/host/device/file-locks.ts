import { closeSync, constants, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { deviceNumber, type SystemFolders, textOf } from './sysfs.ts';

/** A file as `/proc/locks` names it. */
export type LockedFile = Pick<Stats, 'dev' | 'ino'>;

/** Locks of which our own `flock` is none: QEMU has its disks locked by the first kind. */
const foreignKinds: readonly string[] = ['OFDLCK', 'POSIX'];

/**
 * Whether somebody holds a lock of a file or device node: QEMU locks each disk that it has open, and others
 * may not write to it then (QEMU, block/file-posix.c). With `foreign` a lock by flock(2) counts for nothing: whoever
 * asks holds that one.
 */
export function isLocked(
  stat: LockedFile,
  folders: SystemFolders,
  { foreign = false }: { foreign?: boolean } = {},
): boolean {
  return isListed(deviceNumber(stat.dev), stat.ino, folders, foreign);
}

/**
 * The same of a plain file by its path. A file system of several (btrfs, overlayfs) gives files other device numbers than the
 * one that the kernel lists, which is that of the mount.
 */
export function isFileLocked(path: string, folders: SystemFolders, foreign: boolean): boolean {
  const stat = statSync(path);
  const places = [deviceNumber(stat.dev), mountNumber(path, folders)];
  return places.some(
    (number) => number !== undefined && isListed(number, stat.ino, folders, foreign),
  );
}

/**
 * Lines `1: OFDLCK ADVISORY READ -1 fe:00:1234 100 101`, of one that waits `1: -> FLOCK ...` (proc(5), "locks"); device
 * numbers are hexadecimal there.
 */
function isListed(
  number: string,
  inode: number,
  { proc }: SystemFolders,
  foreign: boolean,
): boolean {
  const [major = 0, minor = 0] = number.split(':').map(Number);
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  const place = `${hex(major)}:${hex(minor)}:${inode}`;
  return (textOf(proc, 'locks') ?? '').split('\n').some((line) => {
    const words = line.split(/\s+/);
    return words.includes(place) && (!foreign || foreignKinds.some((kind) => words.includes(kind)));
  });
}

/** The device number of the mount that a file is in (proc(5), "fdinfo" and "mountinfo"). */
function mountNumber(path: string, { proc }: SystemFolders): string | undefined {
  // A pipe would wait for its other end.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const info = readFileSync(`${proc}/self/fdinfo/${file}`, 'utf8');
    const [, mount] = /^mnt_id:\s*(\d+)$/m.exec(info) ?? [];
    const lines = (textOf(proc, 'self/mountinfo') ?? '').split('\n');
    return lines.map((line) => line.split(' ')).find(([id]) => id === mount)?.[2];
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}
