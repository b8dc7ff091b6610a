import type { BootCfg, BootCfgReading, BootMarks } from './boot-cfg.ts';
import { exhausted, nextAttempts, type Refusal, refusals, stateLabel } from './rules.ts';
import type { BankFacts, BankIo, LoaderEvent, Person, Selection } from './selection.ts';

interface Bank {
  readonly partition: number;
  readonly cfg: BootCfg | undefined;
  readonly reading: BootCfgReading;
  marks: BootMarks | undefined;
  /** Can still be booted: UPGRADING or VALID, and not refused yet. */
  eligible: boolean;
  reason: string;
  verified: boolean;
}

interface Run {
  readonly banks: readonly Bank[];
  readonly io: BankIo;
  readonly events: LoaderEvent[];
}

/**
 * The contract "Choosing a bank" as a function: what the loader does with these banks, in order. It has
 * no state and touches nothing but `io`. GRUB's script (grub-script.ts) says the same, and is compared
 * with it line by line in the tests.
 */
export function selectBank(
  facts: readonly BankFacts[],
  io: BankIo,
  person: Person = { wants: 'none' },
): Selection {
  const events: LoaderEvent[] = [];
  const banks = [...facts].sort((a, b) => a.partition - b.partition).map(newBank);
  const run: Run = { banks, io, events };
  for (const bank of banks) scan(run, bank);
  let booted = false;
  if (person.wants === 'boot') booted = bootOnce(run, person.partition);
  if (person.wants === 'rollback') rollBack(run);
  if (!booted) booted = choose(run);
  if (!booted) tell(run, { type: 'rescue' });
  const last = events.at(-1);
  return {
    booted: last?.type === 'boot' ? last.partition : null,
    events,
    banks: banks.map((bank) => ({
      partition: bank.partition,
      state: stateLabel(bank.marks?.bootstate),
      ...(bank.marks ? { marks: bank.marks } : {}),
      reason: bank.reason,
    })),
  };
}

/**
 * The partitions that may boot, first in order first, as an image at rest has them: the first is the
 * current bank.
 */
export function bootOrder(facts: readonly BankFacts[]): number[] {
  const banks = facts.map(newBank);
  for (const bank of banks) bank.eligible = isCandidate(bank);
  return order(banks).map((bank) => bank.partition);
}

function tell({ events, io }: Run, event: LoaderEvent): void {
  events.push(event);
  io.onEvent?.(event);
}

function newBank({ partition, bootCfg: reading }: BankFacts): Bank {
  const cfg = reading.ok ? reading.cfg : undefined;
  const marks = cfg && {
    bootstate: cfg.bootstate,
    attempts: cfg.attempts,
    verdict: cfg.verdict,
  };
  return { partition, reading, cfg, marks, eligible: false, reason: '', verified: false };
}

function isCandidate(bank: Bank): boolean {
  return bank.marks?.bootstate === '0' || bank.marks?.bootstate === '1';
}

function isExhausted(bank: Bank): boolean {
  // Only a VALID bank can be.
  return bank.marks?.bootstate === '0' && bank.marks.attempts === exhausted;
}

function scan(run: Run, bank: Bank): void {
  const { partition, cfg, marks, reading } = bank;
  const state = stateLabel(marks?.bootstate);
  tell(run, { type: 'bank', partition, state, ...(cfg ? { cfg } : {}) });
  bank.eligible = isCandidate(bank);
  if (!reading.ok) refuse(run, bank, 'malformed', `${refusals.malformed} (${reading.key})`);
  else if (marks?.bootstate === '2') {
    write(run, bank, { bootstate: '3', verdict: marks.verdict === 'H' ? 'H' : 'T' });
    refuse(run, bank, 'dirty');
  } else if (marks?.bootstate === '3') refuse(run, bank, 'invalid');
}

/** Not exhausted before exhausted, then highest `updated`, then lower partition. */
function order(banks: readonly Bank[]): Bank[] {
  return banks
    .filter((bank) => bank.eligible)
    .sort(
      (a, b) =>
        Number(isExhausted(a)) - Number(isExhausted(b)) ||
        (b.cfg?.updated ?? 0) - (a.cfg?.updated ?? 0) ||
        a.partition - b.partition,
    );
}

function choose(run: Run): boolean {
  if (order(run.banks).every(isExhausted)) {
    for (const bank of order(run.banks).reverse()) write(run, bank, { attempts: '0' });
  }
  const inOrder = order(run.banks);
  if (!inOrder.every(isExhausted)) {
    for (const bank of inOrder.filter(isExhausted)) write(run, bank, { verdict: 'B' });
  }
  const deferred: Bank[] = [];
  for (const bank of inOrder) {
    const marked = mark(run, bank);
    if (marked === 'deferred') deferred.push(bank);
    if (marked === 'marked' && verifyAndStart(run, bank)) return true;
  }
  return deferred.some((bank) => verifyAndStart(run, bank));
}

/** `deferred`: a VALID bank that cannot be written is still better than none. */
function mark(run: Run, bank: Bank): 'marked' | 'deferred' | 'refused' {
  const marks = bank.marks;
  if (marks?.bootstate === '1') {
    if (write(run, bank, { bootstate: '2' })) return 'marked';
    refuse(run, bank, 'mark');
    return 'refused';
  }
  const attempts = nextAttempts[marks?.attempts ?? exhausted];
  return write(run, bank, { attempts }) ? 'marked' : 'deferred';
}

function verifyAndStart(run: Run, bank: Bank): boolean {
  const problem = verify(run, bank);
  if (problem !== undefined) {
    write(run, bank, { verdict: 'H' });
    refuse(run, bank, 'contents', `${refusals.contents}: ${problem}`);
    return false;
  }
  return start(run, bank);
}

function verify(run: Run, bank: Bank): string | undefined {
  if (bank.verified) return undefined;
  tell(run, { type: 'verify', partition: bank.partition });
  const problem = run.io.verify(bank.partition);
  bank.verified = problem === undefined;
  return problem;
}

function start(run: Run, bank: Bank): boolean {
  tell(run, { type: 'boot', partition: bank.partition, build: bank.cfg?.build ?? '' });
  if (run.io.start?.(bank.partition) ?? true) return true;
  refuse(run, bank, 'start');
  return false;
}

/** A person's choice; an INVALID bank is verified and started, and nothing is written. */
function bootOnce(run: Run, partition: number): boolean {
  const bank = run.banks.find((one) => one.partition === partition);
  if (bank?.eligible) return mark(run, bank) !== 'refused' && verifyAndStart(run, bank);
  if (bank?.marks?.bootstate !== '3') return false;
  const problem = verify(run, bank);
  if (problem === undefined) return start(run, bank);
  refuse(run, bank, 'contents', `${refusals.contents}: ${problem}`);
  return false;
}

/** The first in order gets state 3, verdict R, if another is VALID, not exhausted and verified now. */
function rollBack(run: Run): void {
  const [from, ...others] = order(run.banks);
  const targets = others.filter((bank) => bank.marks?.bootstate === '0' && !isExhausted(bank));
  if (!from || targets.length === 0) {
    const reason = 'no other bank is VALID and not exhausted';
    tell(run, { type: 'rollback-refused', reason });
    return;
  }
  let problem: string | undefined;
  for (const bank of targets) {
    problem = verify(run, bank);
    if (problem === undefined) break;
  }
  if (problem !== undefined) tell(run, { type: 'rollback-refused', reason: problem });
  else if (write(run, from, { bootstate: '3', verdict: 'R' })) refuse(run, from, 'rolledBack');
  else {
    const reason = `bank ${from.partition} could not be written`;
    tell(run, { type: 'rollback-refused', reason });
  }
}

/** Only a value that changes is written; what does not read back is taken for not written. */
function write(run: Run, bank: Bank, change: Partial<BootMarks>): boolean {
  const before = bank.marks;
  if (!before) return false;
  const marks = { ...before, ...change };
  const same = Object.entries(change).every(
    ([key, value]) => before[key as keyof BootMarks] === value,
  );
  if (same) return true;
  const sticks = run.io.write(bank.partition, marks);
  tell(run, { type: 'write', partition: bank.partition, marks, sticks });
  if (sticks) bank.marks = marks;
  return sticks;
}

function refuse(run: Run, bank: Bank, refusal: Refusal, reason: string = refusals[refusal]): void {
  bank.eligible = false;
  bank.reason = reason;
  tell(run, { type: 'refuse', partition: bank.partition, refusal, reason });
}
