import { exhausted } from '../../src/bootloader/rules.ts';
import { shuffled } from '../support/exhaustive.ts';
import { type BankState, type BankStates, marksOf, modelBanks } from './bank-state.ts';
import type { MatrixDisk } from './disk.ts';
import { expectBoot } from './expectation.ts';
import { rulesSeen } from './rules-seen.ts';

/**
 * Some of the items at random, in no order: enough to have every mark that any of them has, and more of them up to
 * `count`.
 */
export function covering<T>(
  items: readonly T[],
  marks: (item: T) => readonly string[],
  count: number,
  seed: number,
): T[] {
  const seen = new Set<string>();
  const rest: T[] = [];
  const taken: T[] = [];
  for (const item of shuffled(items, seed)) {
    const fresh = marks(item).filter((mark) => !seen.has(mark));
    for (const mark of fresh) seen.add(mark);
    (fresh.length > 0 ? taken : rest).push(item);
  }
  return [...taken, ...rest.slice(0, Math.max(0, count - taken.length))];
}

/**
 * What a sample of two banks has to have: each rule of the contract that the pure function applies somewhere, each
 * state of each bank, each pair of states with each order of the two, and each pair with right and wrong contents.
 */
export function marksOfStates(disk: MatrixDisk): (states: BankStates) => string[] {
  const scratch = Buffer.from(disk.bytes);
  /** Asked for more than once, and a whole disk is made up for each. */
  const known = new Map<BankStates, string[]>();
  const find = (states: BankStates): string[] => {
    const { facts, selection } = expectBoot(disk, scratch, modelBanks(disk, scratch, states));
    const banks = [...states.values()];
    const order = Math.sign((banks[0]?.updated ?? 0) - (banks[1]?.updated ?? 0));
    const names = banks.map(stateOf);
    const wrong = banks.map(({ damage = [] }) => damage.some(({ what }) => what === 'flip'));
    return [
      ...rulesSeen(facts, selection, { wants: 'none' }),
      ...banks.map(
        ({ marks }, index) => `${index}: ${names[index]} ${marks.slice(0, 2)} ${wrong[index]}`,
      ),
      names.includes('torn') ? names.join() : [...names, order].join(),
      [...names, ...wrong].join(),
    ];
  };
  return (states) => {
    const marks = known.get(states) ?? find(states);
    known.set(states, marks);
    return marks;
  };
}

/** The state by which a bank is chosen: attempts count in a VALID one. */
function stateOf({ marks, damage = [] }: BankState): string {
  if (damage.some(({ what }) => what !== 'flip')) return 'torn';
  const { bootstate, attempts } = marksOf(marks);
  return bootstate === '0' && attempts === exhausted ? 'exhausted' : bootstate;
}
