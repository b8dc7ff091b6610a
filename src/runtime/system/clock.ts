import { existsSync, readFileSync } from 'node:fs';

/** Seconds since power-on, firmware and loader included (see the initramfs's init for the offset). */
export interface Clock {
  sincePowerOn(): number;
  /** Seconds since the kernel started: a reset begins it anew, on every machine. */
  sinceKernel(): number;
}

/**
 * The clock of the running system: the kernel's uptime plus what init measured between power-on and the
 * kernel's start, in hundredths of a second. Where init could measure nothing (no time stamp counter) the
 * offset is 0.
 */
export function systemClock(
  files = { offset: '/run/twinbank/power-on-offset', uptime: '/proc/uptime' },
): Clock {
  const offset = existsSync(files.offset) ? Number(readFileSync(files.offset, 'utf8')) || 0 : 0;
  const sinceKernel = (): number => Number(readFileSync(files.uptime, 'utf8').split(' ')[0]);
  return {
    sinceKernel,
    // Both count hundredths; a sum of fractions would show that they are binary.
    sincePowerOn: () => Math.round(offset + sinceKernel() * 100) / 100,
  };
}
