import { type CommandEnd, runCommand } from '../../system/command.ts';
import type { SystemSettings } from './system-settings.ts';

export interface SetClockPort {
  readonly time: TimePort;
  readonly console: { line(text: string): void };
  readonly settings: SystemSettings;
}

/** The machine's time, in seconds since 1970. */
export interface TimePort {
  now(): number;
  /** `/proc/version`: it says when the kernel was compiled. */
  readonly kernelVersion: string;
  /** Sets the kernel's clock, and the machine's own by it. Returns why not. */
  set(seconds: number): Promise<string | undefined>;
}

/** No system is in use for so long. */
const longestUseSeconds = 20 * 365.25 * 86_400;

/** What is wrong with the clock by itself; undefined where nothing is, or since somebody has set it. */
export type ClockProblem = () => string | undefined;

/**
 * A clock that is before the system was made, or twenty years after it, has lost its time: it is set to the time at which the system
 * was made, so that logs and leases have an order and a time server has less to correct. Never throws.
 */
export async function setClock({ time, console, settings }: SetClockPort): Promise<ClockProblem> {
  const from = Math.max(kernelDate(time.kernelVersion) ?? 0, settings.sourceDate ?? 0);
  const found = time.now();
  const to = from + longestUseSeconds;
  if (from === 0 || (found >= from && found < to)) return () => undefined;
  const span = `from ${shown(from)} to ${shown(to)}`;
  const why = `clock: expected a time ${span}, found ${shown(found)}`;
  const failed = await time.set(from);
  console.line(failed === undefined ? `${why}: it is ${shown(from)} now` : `${why}: ${failed}`);
  const setAt = { time: time.now(), since: performance.now() };
  return () => {
    const passed = (performance.now() - setAt.since) / 1000;
    const isStill = Math.abs(time.now() - setAt.time - passed) < leastCorrection;
    return isStill ? `${why}, and nobody has set it since` : undefined;
  };
}

/** Seconds by which somebody who sets a clock of 1970 changes it at least. */
const leastCorrection = 60;

/**
 * When a kernel was compiled, by what it says of itself: `... Debian 6.1.192-3 (2026-11-05)` of the distribution, or `... Thu Nov 5
 * 12:00:00 UTC 2026` of one that was made otherwise. Undefined where it says neither.
 */
export function kernelDate(version: string): number | undefined {
  const text =
    /\((\d{4}-\d\d-\d\d)\)\s*$/.exec(version)?.[1] ??
    /\w{3} (\w{3} +\d+ [\d:]{8} UTC \d{4})\s*$/.exec(version)?.[1];
  const date = Date.parse(text ?? '');
  return Number.isNaN(date) ? undefined : date / 1000;
}

function shown(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+/, '');
}

/** The time of the running system, by busybox. */
export function systemTime(
  kernelVersion: string,
  run: (program: string, args: readonly string[]) => Promise<CommandEnd> = runCommand,
): TimePort {
  const busybox = async (...args: string[]): Promise<string | undefined> => {
    const { code, output } = await run('/bin/busybox', args);
    return code === 0 ? undefined : `${args[0]} ended with ${code}: ${output}`;
  };
  return {
    kernelVersion,
    now: () => Date.now() / 1000,
    // A machine without a clock of its own keeps the time for as long as it runs.
    set: async (seconds) =>
      (await busybox('date', '-u', '-s', `@${Math.ceil(seconds)}`)) ??
      (await busybox('hwclock', '-u', '-w')),
  };
}
