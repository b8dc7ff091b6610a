import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What one process takes of memory, in KiB. */
export interface ProcessMemory {
  readonly pid: number;
  readonly command: string;
  /** Its own, and its part of what it shares with others. */
  readonly pss: number;
  /** What its end would free. */
  readonly private: number;
}

/**
 * What each process with memory of its own takes (`/proc/PID/smaps_rollup`, Linux `Documentation/filesystems/proc.rst`), the largest
 * first. Threads of the kernel have none; a process that has just ended is left out.
 */
export function processMemory(proc = '/proc'): ProcessMemory[] {
  return readdirSync(proc)
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((pid) => {
      const rollup = textOf(join(proc, pid, 'smaps_rollup'));
      if (rollup === '') return [];
      const command = textOf(join(proc, pid, 'cmdline'))
        .split('\0')
        .join(' ')
        .trim();
      return [{ pid: Number(pid), command: command.slice(0, 120), ...parseRollup(rollup) }];
    })
    .sort((a, b) => b.pss - a.pss);
}

/** The sums of a `smaps_rollup`. */
export function parseRollup(text: string): { pss: number; private: number } {
  const kib = (pattern: RegExp): number =>
    [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
  return {
    pss: kib(/^Pss: +([0-9]+) kB$/gm),
    private: kib(/^Private_(?:Clean|Dirty): +([0-9]+) kB$/gm),
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // ESRCH of a thread of the kernel, ENOENT of a process that has ended.
    return '';
  }
}
