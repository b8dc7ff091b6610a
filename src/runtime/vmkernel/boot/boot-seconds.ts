import type { JournalRecord } from '../../../bootloader/boot-journal.ts';
import type { Clock } from '../../system/clock.ts';

/**
 * How long this boot took until now. The clock counts from power-on by the processor's time stamp counter, and a reset does not
 * begin that one anew on every machine (QEMU's emulated processor): where the system was shut down after that moment, the
 * boot counts from its shutdown. `last` is the journal's last record of the boot before; one that ended without it, by a
 * panic or a watchdog, is not known, and then this boot's time is that since power-on.
 */
export function bootSeconds(
  clock: Clock,
  last: Pick<JournalRecord, 'event' | 'time'> | undefined,
  now: () => number = Date.now,
): number {
  const sincePowerOn = clock.sincePowerOn();
  if (last?.event !== 'shutdown') return sincePowerOn;
  const sinceShutdown = now() / 1000 - last.time;
  const isLater = sinceShutdown < sincePowerOn;
  // A clock that was set meanwhile would give any number.
  return isLater && sinceShutdown > clock.sinceKernel()
    ? Math.round(sinceShutdown * 10) / 10
    : sincePowerOn;
}
