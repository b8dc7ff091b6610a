import type { Journal } from '../../../hostcore/journal.ts';
import type { Console } from '../../system/console.ts';

export interface HealthWatch {
  readonly console: Pick<Console, 'event'>;
  readonly journal: Pick<Journal, 'write'>;
  /** Partition of the bank that runs. */
  readonly bank: number;
  /** What is wrong now. */
  problems(): readonly string[];
  /** What was wrong when the watch began, and has been said; '' for nothing. */
  readonly reported: string;
  /** What ends now is no news. */
  isStopping(): boolean;
}

const watchMs = 10_000;

/** Asks for problems for as long as the system runs, and says when what is wrong changes. */
export function watchHealth(watch: HealthWatch): void {
  const { console, journal, bank, problems, isStopping } = watch;
  let lastReported = watch.reported;
  setInterval(() => {
    if (isStopping()) return;
    const why = problems().join('; ');
    if (why === lastReported) return;
    lastReported = why;
    console.event(why === '' ? { type: 'healthy-again' } : { type: 'fell-ill', why });
    if (why !== '') journal.write({ event: 'unhealthy', bank, why });
  }, watchMs);
}
