import type { Stats } from 'node:fs';
import { deviceNumber, type SystemFolders, textOf } from './sysfs.ts';

/**
 * Whether somebody holds a lock of a file or device node: QEMU locks each disk that it has open, and others
 * may not write to it then (QEMU, block/file-posix.c). Lines `1: OFDLCK ADVISORY READ -1 fe:00:1234 100 101`
 * (proc(5), "locks"); device numbers are hexadecimal there.
 */
export function isLocked(stat: Pick<Stats, 'dev' | 'ino'>, { proc }: SystemFolders): boolean {
  const [major = 0, minor = 0] = deviceNumber(stat.dev).split(':').map(Number);
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  const place = `${hex(major)}:${hex(minor)}:${stat.ino}`;
  const lines = (textOf(proc, 'locks') ?? '').split('\n');
  return lines.some((line) => line.split(/\s+/).includes(place));
}
