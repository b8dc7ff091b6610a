import type { Person } from '../../src/bootloader/selection.ts';
import type { BankState, BankStates, Damage, Marks } from './bank-state.ts';
import type { BootRule } from './rules-seen.ts';

/** A key at the loader's prompts: a character of the serial line, or a key of the VGA keyboard. */
export type Key = { readonly serial: string } | { readonly vga: string };

/** A key to press once a console line with this text has come. */
export type Press = readonly [after: string, key: Key];

/** A boot that is there for one rule. `rule` is why it is there: the test insists that the rule had a say. */
export interface PlannedBoot {
  readonly rule?: BootRule;
  readonly title: string;
  readonly states: BankStates;
  readonly readOnly?: boolean;
  readonly person?: Person;
  readonly presses?: readonly Press[];
  /** A key at the rescue prompt starts the loader once more. */
  readonly again?: Press;
}

/** The rest of a boot.cfg of which one sector arrived: it reads well, but `save_env` refuses it. */
const half: Damage = { what: 'torn', at: 512 };
const wrong: Damage = { what: 'flip', file: 'a.v00' };

function bank(marks: Marks, updated: number, ...damage: Damage[]): BankState {
  return { marks, updated, damage };
}

type Line = readonly [rule: BootRule, title: string, five: BankState, six: BankState];

const valid = (updated: number, ...damage: Damage[]) => bank('00-', updated, ...damage);
const trial = (updated: number, ...damage: Damage[]) => bank('10-', updated, ...damage);
const torn = (at: number) => valid(2, { what: 'torn', at });
const broken = (what: 'flip' | 'missing' | 'empty' | 'short', file: string) =>
  valid(2, { what, file });
const differs = (key: 'kernel' | 'kernelopt' | 'modules' | 'build') =>
  valid(2, { what: 'differs', key });

const lines: readonly Line[] = [
  ['malformed', 'first sector lost', valid(2, { what: 'headless' }), valid(1)],
  ['malformed', 'nothing arrived', torn(0), valid(1)],
  ['malformed', 'torn in bootstate', torn(30), valid(1)],
  ['malformed', 'torn in updated', torn(60), valid(1)],
  ['malformed', 'torn in modules', torn(120), valid(1)],
  ['malformed', 'two builds mixed', valid(2, { what: 'mixed', at: 84 }), valid(1)],
  ['malformed', 'bootstate out of range', valid(2, { what: 'bit', at: 35 * 8 + 2 }), valid(1)],
  ['malformed', 'no boot.cfg', broken('missing', 'boot.cfg'), valid(1)],
  ['malformed', 'an empty boot.cfg', broken('empty', 'boot.cfg'), trial(1)],
  ['trial-over', 'DIRTY before VALID', bank('20-', 2), valid(1)],
  ['trial-over', 'DIRTY with attempts', bank('23U', 2), bank('02-', 1)],
  ['trial-over', 'the other bank is DIRTY, too', bank('20-', 2), bank('20T', 1)],
  ['trial-over-hash', 'DIRTY H before VALID', bank('20H', 2), valid(1)],
  ['trial-over-hash', 'DIRTY H behind UPGRADING', trial(2), bank('21H', 1)],
  ['invalid', 'INVALID with the highest updated', bank('30T', 9), valid(1)],
  ['invalid', 'an update was cut short', valid(1), bank('30U', 1)],
  ['invalid', 'INVALID and DIRTY', bank('33R', 2), bank('20-', 1)],
  ['trial-attempts-3', 'UPGRADING with attempts 3', bank('13-', 2), valid(1)],
  ['all-exhausted', 'both, bank 5 first', bank('03-', 2), bank('03-', 1)],
  ['all-exhausted', 'both, bank 6 first', bank('03B', 1), bank('03-', 2)],
  ['all-exhausted', 'both, equal updated', bank('03-', 1), bank('03B', 1)],
  ['all-exhausted', 'one alone', bank('03-', 1), bank('30R', 2)],
  ['all-exhausted', 'both, the first one wrong', bank('03-', 2, wrong), bank('03-', 1)],
  ['fresh-first', 'exhausted with a higher updated', bank('03-', 9), valid(1)],
  ['fresh-first', 'exhausted and a trial', bank('03-', 1), trial(2)],
  ['highest-updated', 'bank 5', valid(12), valid(3)],
  ['highest-updated', 'bank 6, as a number: 10 over 9', valid(9), valid(10)],
  ['highest-updated', 'a VALID bank before an older trial', trial(1), valid(2)],
  ['highest-updated', 'the largest number', valid(999_999_998), valid(999_999_999)],
  ['lower-partition', 'equal updated, VALID', valid(4), valid(4)],
  ['lower-partition', 'equal updated, two trials', trial(4), trial(4)],
  ['lower-partition', 'equal updated, VALID and trial', valid(4), trial(4)],
  ['verdict-B', 'an exhausted one that has another verdict', bank('01-', 1), bank('03T', 2)],
  ['trial-marked', 'a trial after an update', valid(1), trial(2)],
  ['trial-marked', 'two trials', trial(1), trial(2)],
  ['trial-marked', 'a trial with a wrong module', trial(2, wrong), valid(1)],
  ['trial-unmarkable', 'a trial that cannot be marked', trial(2, half), valid(1)],
  ['trial-unmarkable', 'and no other bank', trial(2, half), bank('30-', 1)],
  ['counted', 'attempts 0', valid(2), bank('30-', 1)],
  ['counted', 'attempts 1', bank('01-', 2), valid(1)],
  ['counted', 'attempts 2, the last', bank('02-', 2), valid(1)],
  ['stays-3', 'exhausted after a wrong one', bank('03-', 2), valid(1, wrong)],
  ['stays-3', 'exhausted with B after a wrong trial', bank('03B', 1), trial(2, wrong)],
  ['deferred', 'after the other', valid(2, half), valid(1)],
  ['deferred', 'after a wrong one', valid(2, half), valid(1, wrong)],
  ['deferred', 'both', bank('01-', 1, half), bank('02-', 2, half)],
  ['dirty-unwritable', 'DIRTY for ever', bank('20-', 2, half), valid(1)],
  ['bank-env', 'a wrong bank.env', broken('flip', 'bank.env'), valid(1)],
  ['bank-env', 'a short bank.env', broken('short', 'bank.env'), valid(1)],
  ['kernel', 'a wrong kernel', broken('flip', 'vmkernel'), valid(1)],
  ['kernel', 'a short kernel of a trial', trial(2, { what: 'short', file: 'vmkernel' }), valid(1)],
  ['module', 'a wrong boot.v00', broken('flip', 'boot.v00'), valid(1)],
  ['module', 'a wrong last module', valid(1), broken('flip', 'a.v00')],
  ['module', 'both banks wrong', broken('flip', 'boot.v00'), valid(1, wrong)],
  ['file-missing', 'no kernel', broken('missing', 'vmkernel'), valid(1)],
  ['file-missing', 'no bank.env', broken('missing', 'bank.env'), valid(1)],
  ['file-missing', 'no module', broken('missing', 'a.v00'), valid(1)],
  ['file-missing', 'an empty module', broken('empty', 'boot.v00'), valid(1)],
  ['sum-missing', 'no vmkernel.sum', broken('missing', 'vmkernel.sum'), valid(1)],
  ['sum-missing', 'no bank.env.sum', broken('missing', 'bank.env.sum'), valid(1)],
  ['sum-missing', 'an empty a.v00.sum', broken('empty', 'a.v00.sum'), valid(1)],
  ['kernel', 'a cut vmkernel.sum', broken('short', 'vmkernel.sum'), valid(1)],
  ['module', 'a wrong boot.v00.sum', broken('flip', 'boot.v00.sum'), valid(1)],
  ['differs', 'another kernel', differs('kernel'), valid(1)],
  ['differs', 'other options', differs('kernelopt'), valid(1)],
  ['differs', 'other modules', differs('modules'), valid(1)],
  ['differs', 'another build', differs('build'), valid(1)],
  ['hash-unwritable', 'wrong and not writable', valid(2, half, wrong), valid(1, wrong)],
  ['rescue', 'both INVALID', bank('30T', 2), bank('30R', 1)],
  ['rescue', 'malformed and wrong', torn(30), trial(1, wrong)],
];

/** On a medium that cannot be written. */
const readOnlyLines: readonly Line[] = [
  ['deferred', 'both VALID', valid(1), valid(2)],
  ['deferred', 'both exhausted', bank('03-', 2), bank('03-', 1)],
  ['deferred', 'VALID and a wrong one', valid(1), valid(2, wrong)],
  ['trial-unmarkable', 'a trial and VALID', trial(2), valid(1)],
  ['trial-unmarkable', 'two trials', trial(2), trial(1)],
  ['dirty-unwritable', 'DIRTY and VALID', bank('20-', 2), valid(1)],
];

const rescueLine = 'reboots by itself';
const atRescue: readonly (readonly [string, BankState, BankState, Press])[] = [
  ['r on the serial line tries again', bank('30T', 2), torn(30), [rescueLine, { serial: 'r' }]],
  ['r on the keyboard tries again', bank('20-', 2), bank('30R', 1), [rescueLine, { vga: 'r' }]],
  ['b on the keyboard reboots', valid(2, wrong), bank('20-', 1), [rescueLine, { vga: 'b' }]],
  ['b on the serial line reboots', trial(2, wrong), bank('30R', 1), [rescueLine, { serial: 'b' }]],
];

function states(five: BankState, six: BankState): BankStates {
  return new Map([
    [5, five],
    [6, six],
  ]);
}

/** What is booted on real firmware, beside the boots of a person at the console. */
export const plannedBoots: readonly PlannedBoot[] = [
  ...lines.map(([rule, title, five, six]) => ({ rule, title, states: states(five, six) })),
  ...readOnlyLines.map(
    ([rule, title, five, six]): PlannedBoot => ({
      ...{ rule, states: states(five, six), readOnly: true },
      title: `read-only: ${title}`,
    }),
  ),
  ...atRescue.map(
    ([title, five, six, again]): PlannedBoot => ({
      ...{ rule: 'rescue', title: `rescue: ${title}`, states: states(five, six), again },
    }),
  ),
];
