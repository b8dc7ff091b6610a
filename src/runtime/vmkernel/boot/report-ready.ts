import type { Journal } from '../../../hostcore/journal.ts';
import { readyEvent } from '../../../hostcore/judge-boot.ts';
import type { Clock } from '../../system/clock.ts';
import type { Console } from '../../system/console.ts';
import { bootSeconds } from './boot-seconds.ts';
import type { KernelCommandLine } from './kernel-command-line.ts';

export interface ReadyPort {
  readonly clock: Clock;
  readonly console: Pick<Console, 'event' | 'stages'>;
  readonly command: KernelCommandLine;
}

/** Says that the system is up and will not become ready: to people only, as there is no disk with a journal. */
export function reportNoBank({ clock, console, command }: ReadyPort, why: string): void {
  const { bank, build } = command;
  console.event({ type: 'unhealthy', build, bank: bank ?? null, boot: clock.sincePowerOn(), why });
}

/** Says that all steps are over, to people and to the journal; `why` is why the boot is not confirmed. */
export function reportReady(
  { clock, console, command }: ReadyPort,
  journal: Pick<Journal, 'write' | 'last'>,
  why: string | undefined,
): void {
  const { bank, build } = command;
  journal.write(readyEvent(bank ?? 0, why, console.stages()));
  const boot = bootSeconds(clock, journal.last);
  console.event({ type: 'ready', build, bank: bank ?? null, boot });
}
