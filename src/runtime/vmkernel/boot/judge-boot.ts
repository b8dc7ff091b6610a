import { setTimeout } from 'node:timers/promises';
import type { Journal } from '../../../hostcore/journal.ts';
import {
  bootedEvent,
  bootJudge,
  confirmedText,
  failedTrialText,
  isTrial,
  neverConfirmed,
} from '../../../hostcore/judge-boot.ts';
import { confirmedDetail } from '../../../protocol/bank-stage.ts';
import type { Clock } from '../../system/clock.ts';
import type { Console } from '../../system/console.ts';
import { withBankLock } from './bank-pair.ts';
import type { BankPartition } from './bank-partition.ts';
import { bootSeconds } from './boot-seconds.ts';
import type { KernelCommandLine } from './kernel-command-line.ts';
import { confirmRunningBank, readBankMarks } from './running-bank.ts';

export interface RunningBoot {
  readonly bank: BankPartition;
  readonly command: KernelCommandLine;
  readonly clock: Clock;
  readonly console: Console;
  readonly journal: Journal;
  /** Seconds since the start of the kernel. */
  readonly trialSeconds: number;
  /** What is wrong now; a trial is asked for more. */
  problems(trial: boolean): readonly string[];
  /** The system is being ended: nothing is confirmed any more. */
  isStopping(): boolean;
  /** Ends a trial that failed; does not come back. */
  reset(why: string): Promise<never>;
  /** As of `BankGuard.assert`. */
  assertOnlyBank?(): void;
  /** As of {@link confirmRunningBank}. */
  readonly dropCaches?: (path: string) => Promise<void>;
  /** Between two looks; default 100. */
  readonly pauseMs?: number;
}

/**
 * Waits until the boot is healthy and confirms it. A trial that is not healthy in its time is reset, and
 * the loader falls back; a bank that was VALID stays up, says what is wrong, and is confirmed as soon as it
 * is right. Returns why the boot is not confirmed, or undefined when it is.
 */
export async function judgeBoot(boot: RunningBoot): Promise<string | undefined> {
  const { bank, command, clock, console, journal, trialSeconds } = boot;
  const { build, refused } = command;
  const ending = 'the system is ending';
  // Its last record is the one of its end.
  if (boot.isStopping()) return ending;
  const marks = readBankMarks(bank.device);
  journal.write(bootedEvent(marks, { bank: bank.number, build, refused }));
  const never = neverConfirmed(marks);
  if (never !== undefined) return never;
  const judge = bootJudge({ marks, trialSeconds, seconds: clock.sinceKernel() });
  while (!boot.isStopping()) {
    const why = boot.problems(isTrial(marks)).join('; ');
    const verdict = judge.look(why, clock.sinceKernel());
    if (verdict === 'confirm') {
      await withBankLock(() => {
        boot.assertOnlyBank?.();
        return confirmRunningBank(bank.device, boot.dropCaches);
      });
      console.stage('bank', confirmedDetail(confirmedText(marks), bank.device));
      return undefined;
    }
    if (verdict === 'tell') {
      const place = { build, bank: bank.number, boot: bootSeconds(clock, journal.last) };
      console.event({ type: 'unhealthy', ...place, why });
    }
    if (verdict !== 'wait') journal.write({ event: 'unhealthy', bank: bank.number, why });
    if (verdict === 'reset') await boot.reset(failedTrialText(why, trialSeconds));
    await setTimeout(boot.pauseMs ?? 100);
  }
  return ending;
}
