import { setTimeout } from 'node:timers/promises';
import { stateNames } from '../../../bootloader/rules.ts';
import type { Clock } from '../../system/clock.ts';
import type { Console } from '../../system/console.ts';
import { withBankLock } from './bank-lock.ts';
import type { BankPartition } from './bank-partition.ts';
import type { Journal } from './journal.ts';
import type { KernelCommandLine } from './kernel-command-line.ts';
import { confirmRunningBank, readMarks } from './running-bank.ts';

export interface BootJudge {
  readonly bank: BankPartition;
  readonly command: KernelCommandLine;
  readonly clock: Clock;
  readonly console: Console;
  readonly journal: Journal;
  /** Seconds since the start of the kernel. */
  readonly trialSeconds: number;
  /** What is wrong now; a trial has more to prove. */
  problems(trial: boolean): readonly string[];
  /** The system is being ended: nothing is confirmed any more. */
  isStopping(): boolean;
  /** Ends a trial that failed; does not come back. */
  reset(why: string): Promise<never>;
  /** As of {@link confirmRunningBank}. */
  readonly dropCaches?: (path: string) => Promise<void>;
  /** Between two looks; default 500. */
  readonly pauseMs?: number;
}

/**
 * Waits until the boot is healthy and confirms it. A trial that is not healthy in its time is reset, and
 * the loader falls back; a bank that was VALID stays up, says what is wrong, and is confirmed as soon as it
 * is right. Returns why the boot is not confirmed, or undefined when it is.
 */
export async function judgeBoot(judge: BootJudge): Promise<string | undefined> {
  const { bank, command, clock, console, journal } = judge;
  const marks = readMarks(bank.device);
  const trial = marks.bootstate === '2';
  journal.write({
    event: 'booted',
    bank: bank.number,
    build: command.build,
    state: trial ? 'UPGRADING' : stateNames[marks.bootstate],
    attempts: marks.attempts,
    refused: command.refused,
  });
  if (marks.bootstate === '3') return 'it was INVALID and booted by a person, once';
  let told = '';
  let since = clock.sinceKernel();
  let before = '';
  while (!judge.isStopping()) {
    const why = judge.problems(trial).join('; ');
    if (why === '') {
      await withBankLock(() => confirmRunningBank(bank.device, judge.dropCaches));
      const was = trial ? 'a trial' : `${stateNames[marks.bootstate]} attempts=${marks.attempts}`;
      console.stage('bank', `confirmed ${bank.device}, was ${was}`);
      return undefined;
    }
    if (trial && clock.sinceKernel() > judge.trialSeconds) {
      journal.write({ event: 'unhealthy', bank: bank.number, why });
      await judge.reset(`trial not healthy in ${judge.trialSeconds} s: ${why}`);
    }
    if (why !== before) since = clock.sinceKernel();
    before = why;
    if (why !== told && clock.sinceKernel() - since > settleSeconds) {
      told = why;
      const at = clock.sincePowerOn().toFixed(1);
      const place = `build=${command.build} bank=${bank.number} boot=${at}s`;
      console.line(`unhealthy ${place} ${why}`);
      journal.write({ event: 'unhealthy', bank: bank.number, why });
    }
    await setTimeout(judge.pauseMs ?? 500);
  }
  return 'the system is ending';
}

/** What is over so soon is not told: programs need a moment before it shows whether they run. */
const settleSeconds = 3;
