import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/*
 * A name that says which process made what bears it, so that another process can tell whether that one is still there:
 * PID-WORLD-BIRTH. Numbers of processes are given out again, so the time of its start stands beside it; and a folder may be shared by
 * machines and by containers, each of which has its own numbers, so the world says whose numbers they are.
 */

/** `PID-WORLD-BIRTH` in a name, in a pattern. */
export const ownerPattern = '([0-9]{1,10})-([0-9a-z]{4})-([0-9a-z]{4})';

/** The mark of this process. */
export function ownerMark(): string {
  return `${process.pid}-${world()}-${birthOf(process.pid) ?? '0000'}`;
}

/** Whether the process of a mark has surely gone: none of this machine and this container has its number and its start. */
export function isOwnerGone(mark: string, proc = '/proc'): boolean {
  return ownerOf(mark, proc) === 'gone';
}

/** What is known of the process of a mark: nothing, where it was one of another machine or container. */
export function ownerOf(mark: string, proc = '/proc'): 'there' | 'gone' | 'unknown' {
  const [, pid, itsWorld, birth] = new RegExp(`^${ownerPattern}$`).exec(mark) ?? [];
  if (pid === undefined || itsWorld !== world()) return 'unknown';
  // A /proc that says nothing of ourselves (mount option subset=pid, systemd's ProcSubset=) says nothing of others.
  if (birthOf(process.pid, proc) === undefined) return 'unknown';
  return birthOf(Number(pid), proc) === birth ? 'there' : 'gone';
}

/** Four characters: paths of sockets hold 107 bytes in all (unix(7)). */
const short = (text: string): string =>
  createHash('sha256').update(text).digest().readUInt32BE().toString(36).padStart(7, '0').slice(3);

function world(): string {
  return short(`${hostname()} ${readlinkSync('/proc/self/ns/pid')}`);
}

/** Undefined where there is no such process. */
function birthOf(pid: number, proc = '/proc'): string | undefined {
  try {
    // proc(5): field 22 is the start in ticks since the machine's; the name in field 2 may hold anything but comes first.
    const stat = readFileSync(`${proc}/${pid}/stat`, 'latin1');
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const boot = readFileSync(`${proc}/sys/kernel/random/boot_id`, 'latin1').trim();
    return short(`${boot} ${start}`);
  } catch {
    return undefined;
  }
}
