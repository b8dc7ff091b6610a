import { exhausted } from '../../src/bootloader/rules.ts';
import { bootOrder } from '../../src/bootloader/select-bank.ts';
import type { BankFacts, LoaderEvent, Person, Selection } from '../../src/bootloader/selection.ts';

/** The rules of the contract "Choosing a bank", in its order, and those for a person at the console. */
export const bootRules = {
  malformed: 'boot.cfg malformed: refused',
  'trial-over': 'DIRTY: INVALID with verdict T; refused',
  'trial-over-hash': 'DIRTY with verdict H: INVALID, the H stays; refused',
  invalid: 'INVALID: refused',
  'trial-attempts-3': 'an UPGRADING bank is never exhausted',
  'all-exhausted': 'all exhausted: attempts 0 to each',
  'fresh-first': 'not exhausted before exhausted',
  'highest-updated': 'then the highest updated',
  'lower-partition': 'then the lower partition',
  'verdict-B': 'exhausted while others are not: verdict B',
  'trial-marked': 'UPGRADING: DIRTY before it is tried',
  'trial-unmarkable': 'UPGRADING that cannot be marked: not tried',
  counted: 'VALID: one attempt more before it is looked into',
  'stays-3': 'VALID, exhausted: boots after the others failed, attempts stay 3',
  deferred: 'VALID that cannot be written: comes after the others',
  'dirty-unwritable': 'DIRTY that cannot be written: refused all the same',
  'bank-env': 'bank.env wrong: verdict H',
  kernel: 'kernel wrong: verdict H',
  module: 'module wrong: verdict H',
  'file-missing': 'a file missing or empty: verdict H',
  'sum-missing': 'a .sum missing or empty: verdict H',
  differs: 'boot.cfg other than bank.env: verdict H',
  'hash-unwritable': 'contents wrong, verdict cannot be written: next all the same',
  rescue: 'none left: rescue prompt',
  once: 'a person boots a bank once',
  'once-invalid': 'a person boots an INVALID bank once: nothing is written',
  'once-refused': 'a person boots a bank once that is wrong: refused, the others follow',
  rollback: 'a person rolls back: INVALID, verdict R',
  'rollback-no-other': 'roll back: refused, no other is VALID and not exhausted',
  'rollback-wrong': 'roll back: refused, the other is wrong',
  'rollback-unwritable': 'roll back: refused, the bank cannot be written',
} as const;
export type BootRule = keyof typeof bootRules;

const bySentence: readonly (readonly [RegExp, BootRule])[] = [
  [/is missing or empty$/, 'file-missing'],
  [/^contents: bank\.env and boot\.cfg differ/, 'differs'],
  [/^contents: bank\.env /, 'bank-env'],
  [/^contents: vmkernel /, 'kernel'],
  [/^contents: /, 'module'],
];

/** The rules that had a say in a boot, worked out from what was there before and from what happened. */
export function rulesSeen(
  facts: readonly BankFacts[],
  { events, booted }: Selection,
  person: Person,
): BootRule[] {
  const seen = new Set<BootRule>();
  const before = (partition: number) => {
    const reading = facts.find((bank) => bank.partition === partition)?.bootCfg;
    return reading?.ok ? reading.cfg : undefined;
  };
  for (const event of events) for (const rule of ofEvent(event, before)) seen.add(rule);
  // A person's choice comes before the order.
  if (person.wants === 'none') for (const rule of ofOrder(facts)) seen.add(rule);
  if (person.wants === 'boot') {
    const mine = person.partition === booted;
    if (!mine) seen.add('once-refused');
    else seen.add(before(person.partition)?.bootstate === '3' ? 'once-invalid' : 'once');
  }
  const cfg = booted === null ? undefined : before(booted);
  if (cfg?.bootstate === '0' && cfg.attempts === exhausted && !seen.has('all-exhausted')) {
    seen.add('stays-3');
  }
  if (cfg?.bootstate === '1' && cfg.attempts === exhausted) seen.add('trial-attempts-3');
  return (Object.keys(bootRules) as BootRule[]).filter((rule) => seen.has(rule));
}

function* ofEvent(
  event: LoaderEvent,
  before: (partition: number) => BootMarksBefore | undefined,
): Generator<BootRule> {
  if (event.type === 'rescue') yield 'rescue';
  if (event.type === 'rollback-refused') {
    if (event.reason.startsWith('no other')) yield 'rollback-no-other';
    else if (/could not be written$/.test(event.reason)) yield 'rollback-unwritable';
    else yield 'rollback-wrong';
  }
  if (event.type === 'write') {
    const was = before(event.partition);
    const { bootstate, attempts, verdict } = event.marks;
    if (!event.sticks) {
      if (was?.bootstate === '2') yield 'dirty-unwritable';
      else if (was?.bootstate === '0' && verdict === was.verdict) yield 'deferred';
      else if (verdict === 'H') yield 'hash-unwritable';
    } else if (was?.bootstate === '1' && bootstate === '2') yield 'trial-marked';
    else if (was?.bootstate === '0' && verdict === 'B' && was.verdict !== 'B') yield 'verdict-B';
    else if (was?.attempts === exhausted && attempts === '0') yield 'all-exhausted';
    else if (was?.bootstate === '0' && bootstate === '0' && attempts !== '0') yield 'counted';
  }
  if (event.type === 'refuse') {
    const { refusal, reason } = event;
    if (refusal === 'malformed') yield 'malformed';
    if (refusal === 'invalid') yield 'invalid';
    if (refusal === 'mark') yield 'trial-unmarkable';
    if (refusal === 'rolledBack') yield 'rollback';
    if (refusal === 'dirty') {
      yield before(event.partition)?.verdict === 'H' ? 'trial-over-hash' : 'trial-over';
    }
    if (refusal === 'contents') {
      if (/\.sum is/.test(reason)) yield 'sum-missing';
      else yield bySentence.find(([pattern]) => pattern.test(reason))?.[1] ?? 'module';
    }
  }
}

interface BootMarksBefore {
  readonly bootstate: string;
  readonly attempts: string;
  readonly verdict: string;
}

/** Which comparison put the first before the second. */
function* ofOrder(facts: readonly BankFacts[]): Generator<BootRule> {
  const [first, second] = bootOrder(facts).map((partition) => {
    const reading = facts.find((bank) => bank.partition === partition)?.bootCfg;
    return reading?.ok ? reading.cfg : undefined;
  });
  if (!first || !second) return;
  const worn = (cfg: BootMarksBefore) => cfg.bootstate === '0' && cfg.attempts === exhausted;
  if (worn(first) !== worn(second)) yield 'fresh-first';
  else if (first.updated !== second.updated) yield 'highest-updated';
  else yield 'lower-partition';
}
