import { TwinbankError } from '../diagnostics/error.ts';
import type { BootMarks } from './boot-cfg.ts';
import { exhausted, stateLabel } from './rules.ts';
import { bootOrder } from './select-bank.ts';
import type { BankFacts } from './selection.ts';

/** One change of marks, to be written as a single sector and read back. */
export interface MarkChange {
  readonly partition: number;
  readonly marks: BootMarks;
}

/** What has to be known beside the banks themselves. */
export interface ActionContext {
  /** Partition that this system runs from; none for an image at rest, where the first in order counts. */
  readonly running?: number;
  /** Why a bank's contents are wrong now, or undefined (`BankCheck.problem`). */
  verify(partition: number): string | undefined;
  /** What a bank's base manifest says; undefined where nobody knows. */
  securityVersion?(partition: number): number | undefined;
}

/**
 * Confirm: state 0, attempts 0, verdict `-`. The current bank, when it is found in state 0 or 2; another
 * one only when it is VALID. Throws `bank.*` of kind `refused`.
 */
export function planConfirm(
  facts: readonly BankFacts[],
  context: ActionContext,
  partition: number = currentBank(facts, context),
): MarkChange {
  const marks = marksOf(facts, partition);
  const running = partition === context.running;
  if (marks.bootstate !== '0' && !(running && marks.bootstate === '2')) {
    const expected = running ? 'VALID or DIRTY' : 'VALID, as it is not the running one';
    throw refuse('confirm', partition, expected, stateLabel(marks.bootstate));
  }
  return { partition, marks: { bootstate: '0', attempts: '0', verdict: '-' } };
}

/**
 * Invalidate: state 3, verdict R, for a bank without which the host still starts: another one must be
 * VALID, not exhausted, and its contents right now, and where the host would have gone on with this one, not
 * below its security version. Throws `bank.*` of kind `refused`.
 */
export function planInvalidate(
  facts: readonly BankFacts[],
  context: ActionContext,
  partition: number,
): MarkChange {
  const marks = marksOf(facts, partition);
  const others = bootOrder(facts).filter((other) => other !== partition);
  let found = 'none';
  for (const other of others) {
    const { bootstate, attempts } = marksOf(facts, other);
    if (bootstate !== '0' || attempts === exhausted) continue;
    const problem = context.verify(other);
    if (problem === undefined) {
      if (isCurrent(facts, context, partition)) assertNoDowngrade(context, partition, other);
      return { partition, marks: { ...marks, bootstate: '3', verdict: 'R' } };
    }
    found = `bank ${other}: ${problem}`;
  }
  const expected = 'another bank that is VALID, not exhausted and verified';
  throw refuse('no-way-back', partition, expected, found);
}

/** Rollback: invalidates the current bank. Throws `bank.*` of kind `refused`. */
export function planRollback(facts: readonly BankFacts[], context: ActionContext): MarkChange {
  return planInvalidate(facts, context, currentBank(facts, context));
}

/** Whether the host runs from a bank or would boot it next: without it, it goes on with another one. */
function isCurrent(
  facts: readonly BankFacts[],
  { running }: ActionContext,
  partition: number,
): boolean {
  return partition === running || partition === bootOrder(facts)[0];
}

/** A hole that was closed stays closed, unless somebody who stands before the machine opens it. */
function assertNoDowngrade(context: ActionContext, from: number, to: number): void {
  const floor = context.securityVersion?.(from) ?? 0;
  const offered = context.securityVersion?.(to) ?? 0;
  if (offered >= floor) return;
  const message = `bank ${to}: expected security version ${floor} or higher, as bank ${from} has, found ${offered}; a person at the host's console may still do it: r while the loader lists the banks`;
  throw new TwinbankError('refused', 'bank.security-version', message, {
    data: { partition: to, floor, offered },
  });
}

function currentBank(facts: readonly BankFacts[], context: ActionContext): number {
  const current = context.running ?? bootOrder(facts)[0];
  if (current !== undefined) return current;
  const message = 'banks: expected one that may boot, found none';
  throw new TwinbankError('refused', 'bank.none', message);
}

function marksOf(facts: readonly BankFacts[], partition: number): BootMarks {
  const bank = facts.find((one) => one.partition === partition);
  if (!bank) {
    const known = facts.map((one) => one.partition).join(', ');
    throw refuse('unknown', partition, `one of ${known}`, 'no such bank');
  }
  if (!bank.bootCfg.ok) {
    throw refuse('malformed', partition, 'a readable boot.cfg', bank.bootCfg.reason);
  }
  const { bootstate, attempts, verdict } = bank.bootCfg.cfg;
  return { bootstate, attempts, verdict };
}

function refuse(code: string, partition: number, expected: string, found: string): TwinbankError {
  return new TwinbankError(
    'refused',
    `bank.${code}`,
    `bank ${partition}: expected ${expected}, found ${found}`,
    { data: { partition } },
  );
}
