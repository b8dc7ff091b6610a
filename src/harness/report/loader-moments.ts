import { stateNames } from '../../bootloader/rules.ts';
import { tellsConfirmed } from '../../protocol/bank-stage.ts';
import type { ConsoleEvent } from '../../protocol/console-event.ts';
import { parseConsoleLine } from '../../protocol/parse-console-line.ts';
import type { BankMoment, Moment } from './record.ts';

/** A number that a line may have, of which not each is a state. */
const states: Readonly<Record<string, string>> = stateNames;

/**
 * Follows the console of one machine: what the loader says of the banks at each boot, which one it takes with which marks, and
 * that the system confirms it. Returns what a line has changed, if it ends one of these.
 */
export function loaderMoments(): (line: string, boot: number) => Moment | undefined {
  let banks = new Map<number, BankMoment>();
  let scanned = 0;
  let running: number | undefined;

  const moment = (label: string, boot: number): Moment => ({
    label,
    boot,
    banks: [...banks.values()].sort((a, b) => a.partition - b.partition),
    ...(running !== undefined && { next: running }),
  });

  const scan = (event: Extract<ConsoleEvent, { type: 'bank' }>, boot: number): void => {
    // The first line of a scan: what was known of other banks is from before the reset.
    if (scanned !== boot) [banks, running, scanned] = [new Map(), undefined, boot];
    const { bank: partition, state, attempts = null, verdict = null, build = null } = event;
    banks.set(partition, { partition, state, verdict, build, attempts });
  };
  const write = (event: Extract<ConsoleEvent, { type: 'marks-written' }>): void => {
    const bank = banks.get(event.bank);
    if (!bank) return;
    const { attempts = bank.attempts, verdict = bank.verdict } = event;
    const state = states[event.bootstate] ?? bank.state;
    banks.set(bank.partition, { ...bank, state, attempts, verdict });
  };

  return (line, boot) => {
    const event = parseConsoleLine(line);
    switch (event?.type) {
      case 'bank':
        scan(event, boot);
        return undefined;
      case 'marks-written':
        write(event);
        return undefined;
      // Either line: a serial line that is read too slowly loses some.
      case 'booting':
      case 'starting-kernel':
        if (running === event.bank) return undefined;
        running = event.bank;
        return moment(`bank ${running} is booted`, boot);
      case 'stage': {
        const own = running === undefined ? undefined : banks.get(running);
        if (!own || !tellsConfirmed(event)) return undefined;
        banks.set(own.partition, { ...own, state: 'VALID', attempts: 0, verdict: '-' });
        return moment(`bank ${own.partition} is confirmed`, boot);
      }
      case 'rescue':
        return moment('no bank can be booted', boot);
      default:
        return undefined;
    }
  };
}
