import type { Bank } from './read-banks.ts';
import { exhausted } from './rules.ts';
import { selectBank } from './select-bank.ts';
import type { Selection } from './selection.ts';

export interface NextBoot {
  /** Partition number of the bank that the loader would start now, or null: its rescue prompt. */
  readonly next: number | null;
  /** One sentence for people. */
  readonly why: string;
  readonly selection: Selection;
}

/** What the loader would do with these banks, if every mark it writes sticks; nothing is written. */
export function chooseNext(banks: readonly Bank[]): NextBoot {
  const selection = selectBank(banks, {
    write: () => true,
    verify: (partition) => {
      const bank = banks.find((one) => one.partition === partition);
      return bank?.problem ?? undefined;
    },
  });
  return { next: selection.booted, why: explain(banks, selection), selection };
}

function explain(banks: readonly Bank[], selection: Selection): string {
  const refused = (partition: number) =>
    selection.banks.find((bank) => bank.partition === partition)?.reason ?? '';
  const chosen = banks.find(({ partition }) => partition === selection.booted);
  const reasons = (among: readonly Bank[]) =>
    among.map(({ partition }) => `bank ${partition}: ${refused(partition)}`).join('; ');
  if (!chosen) {
    const why = banks.length === 0 ? 'there is no bank' : reasons(banks);
    return `none: the loader would stop at its rescue prompt (${why})`;
  }
  const heading = `bank ${chosen.partition} (${chosen.build ?? ''})`;
  const others = banks.filter((bank) => bank !== chosen);
  const passed = others.filter(({ partition }) => refused(partition) !== '');
  const candidates = others.filter(({ partition }) => refused(partition) === '');
  const clauses: string[] = [];
  if (chosen.state === 'UPGRADING') clauses.push('a trial, the one that its update gets');
  for (const candidate of candidates) clauses.push(comparison(chosen, candidate));
  if (passed.length > 0) clauses.push(reasons(passed));
  return `${heading}${clauses.length > 0 ? `: ${clauses.join('; ')}` : ''}`;
}

/** Why one goes before the other, by the contract's order. */
function comparison(chosen: Bank, candidate: Bank): string {
  const isExhausted = (bank: Bank) => bank.state === 'VALID' && bank.attempts === Number(exhausted);
  if (isExhausted(candidate) && !isExhausted(chosen)) {
    return `bank ${candidate.partition} has used up its ${exhausted} attempts`;
  }
  const both =
    isExhausted(candidate) && isExhausted(chosen) ? 'both have used up their attempts, and ' : '';
  if (chosen.updated !== candidate.updated) {
    return `${both}it is newer than bank ${candidate.partition} (updated ${chosen.updated}, not ${candidate.updated})`;
  }
  return `${both}it is as new as bank ${candidate.partition} and stands first`;
}
