import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** /proc counts in hundredths of a second on every architecture that Node runs on (`USER_HZ`, proc(5)). */
const tickMs = 10;

/** Processor time since boot, in milliseconds, of all cores together. */
export interface MachineTime {
  readonly busyMs: number;
  readonly totalMs: number;
}

/** The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal (proc(5)). */
export function parseMachineTime(stat: string): MachineTime {
  const [, ...fields] = (stat.split('\n')[0] ?? '').trim().split(/\s+/).map(Number);
  // Guests are counted in user and nice already.
  const times = fields.slice(0, 8);
  const totalMs = times.reduce((sum, ticks) => sum + ticks, 0) * tickMs;
  const idleMs = ((times[3] ?? 0) + (times[4] ?? 0)) * tickMs;
  return { busyMs: totalMs - idleMs, totalMs };
}

/** utime, stime, cutime and cstime of /proc/PID/stat (proc(5)): of a process and of the children that it waited for. */
export function parseProcessMs(stat: string): number {
  // The name, which may hold spaces and brackets, ends with the last bracket; field 3 follows.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).map(Number);
  return ticks.reduce((sum, value) => sum + value, 0) * tickMs;
}

export function machineTime(): MachineTime {
  return parseMachineTime(readFileSync('/proc/stat', 'utf8'));
}

/** Processor time of this process and of the programs that it started and that have ended. */
export function ownProcessorMs(): number {
  return parseProcessMs(readFileSync('/proc/self/stat', 'utf8'));
}

/** The same of another process, which has to be there. */
export function processorMsOf(pid: number): number {
  return parseProcessMs(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** What part of all cores something used between two readings, less what was our own: 0 to 1. */
export function shareOfOthers(begun: MachineTime, ended: MachineTime, ownMs: number): number {
  const total = ended.totalMs - begun.totalMs;
  if (total <= 0) return 0;
  return Math.min(1, Math.max(0, (ended.busyMs - begun.busyMs - ownMs) / total));
}

/** Above this share, what is measured says more about the others than about us. */
export const idleShare = 0.05;

/**
 * Waits until the machine does nothing else for two seconds in a row, `patienceMs` at most.
 * @returns the share of all cores that others used in the last second that was looked at
 */
export async function waitForIdle(patienceMs: number): Promise<number> {
  const deadline = performance.now() + patienceMs;
  let calm = 0;
  for (;;) {
    const [begun, ownBegun] = [machineTime(), ownProcessorMs()];
    await pause(1000);
    const share = shareOfOthers(begun, machineTime(), ownProcessorMs() - ownBegun);
    calm = share <= idleShare ? calm + 1 : 0;
    if (calm === 2 || performance.now() >= deadline) return share;
  }
}
