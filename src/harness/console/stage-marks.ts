import type { ConsoleEvent } from '../../protocol/console-event.ts';
import type { LoaderStage } from './boot-stage.ts';

type BankEvent = Extract<ConsoleEvent, { type: 'bank' | 'marks-written' }>;

/** Tells the stage that one of the loader's lines about a bank's marks ends, from what they were before. */
export function stageMarks(): (event: BankEvent) => LoaderStage | undefined {
  const known = new Map<number, { attempts: number; verdict: string }>();
  return (event) => {
    const { bank, attempts, verdict } = event;
    const before = known.get(bank);
    const isKnown = attempts !== undefined && verdict !== undefined;
    if (isKnown) known.set(bank, { attempts, verdict });
    if (event.type === 'bank') return 'scan';
    if (!isKnown) return undefined;
    if (verdict !== before?.verdict && verdict === 'B') return 'exhausted';
    // A trial that was not confirmed is written with the state; a wrong hash changes the verdict alone.
    if (event.bootstate === 3) return verdict === 'R' ? undefined : 'dirty';
    if (verdict !== before?.verdict) return 'condemn';
    return attempts === 0 && event.bootstate === 0 ? 'recount' : 'mark';
  };
}
