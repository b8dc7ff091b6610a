import type { BankMoment, Moment } from './record.ts';

const found =
  /twinbank: bank (\d+) ([A-Z]+)(?: attempts=(\d) verdict=(\S) updated=\d+ build=(\S+))?$/;
const written = /twinbank: bank (\d+) set bootstate=(\d) attempts=(\d) verdict=(\S)/;
// Either line: a serial line that is read too slowly loses some.
const booting = /twinbank: (?:booting|starting kernel of) bank (\d+)/;
const confirmed = /twinbank: stage=bank at=\S+ confirmed\b/;
/** By the number that boot.cfg has (docs/boot.md). */
const states = ['VALID', 'UPGRADING', 'DIRTY', 'INVALID'];

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

  return (line, boot) => {
    if (!line.includes('twinbank: ')) return undefined;
    const seen = found.exec(line);
    if (seen) {
      // The first line of a scan: what was known of other banks is from before the reset.
      if (scanned !== boot) [banks, running, scanned] = [new Map(), undefined, boot];
      const [, partition, state = '', attempts, verdict = null, build = null] = seen;
      banks.set(Number(partition), {
        partition: Number(partition),
        state,
        verdict,
        build,
        attempts: attempts === undefined ? null : Number(attempts),
      });
      return undefined;
    }
    const marks = written.exec(line);
    const [, partition, bootstate, attempts, verdict = null] = marks ?? [];
    const bank = banks.get(Number(partition));
    if (bank) {
      const state = states[Number(bootstate)] ?? bank.state;
      banks.set(bank.partition, { ...bank, state, attempts: Number(attempts), verdict });
      return undefined;
    }
    const chosen = booting.exec(line);
    if (chosen && running !== Number(chosen[1])) {
      running = Number(chosen[1]);
      return moment(`bank ${running} is booted`, boot);
    }
    const own = running === undefined ? undefined : banks.get(running);
    if (own && confirmed.test(line)) {
      banks.set(own.partition, { ...own, state: 'VALID', attempts: 0, verdict: '-' });
      return moment(`bank ${own.partition} is confirmed`, boot);
    }
    return line.includes('twinbank: rescue: ') ? moment('no bank can be booted', boot) : undefined;
  };
}
