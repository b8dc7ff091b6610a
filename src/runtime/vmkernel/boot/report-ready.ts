import type { Journal } from '../../../hostcore/journal.ts';
import type { Clock } from '../../system/clock.ts';
import type { Console } from '../../system/console.ts';
import type { KernelCommandLine } from './kernel-command-line.ts';

export interface ReadyPort {
  readonly clock: Clock;
  readonly console: Pick<Console, 'event' | 'stages'>;
  readonly command: KernelCommandLine;
}

/** Says that all steps are over, to people and to the journal; `why` is why the boot is not confirmed. */
export function reportReady(
  { clock, console, command }: ReadyPort,
  journal: Pick<Journal, 'write'>,
  why: string | undefined,
): void {
  const { bank, build } = command;
  const confirmed = why === undefined;
  const reason = confirmed ? {} : { why };
  const stages = console.stages();
  journal.write({ event: 'ready', bank: bank ?? 0, confirmed, ...reason, stages });
  console.event({ type: 'ready', build, bank: bank ?? null, boot: clock.sincePowerOn() });
}
