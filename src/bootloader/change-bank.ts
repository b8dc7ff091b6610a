import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { readGpt } from '../disk/gpt.ts';
import { partitionDevice } from '../disk/partition-device.ts';
import { type MarkChange, planConfirm, planInvalidate, planRollback } from './bank-actions.ts';
import type { Bank } from './read-banks.ts';
import { writeMarks } from './write-marks.ts';

/** What a person may do to a bank, and whether that needs or takes a partition number. */
export const bankActions = {
  confirm: { number: 'optional' },
  rollback: { number: 'none' },
  invalidate: { number: 'required' },
} as const;
export type BankAction = keyof typeof bankActions;

/**
 * Does to a disk at rest what a person asks for, by the rules that the running system has: plans it with
 * these banks, which were read under the same lock and with all hashes, and writes one sector. Throws
 * `bank.*` of kind `refused` before anything is written, and as `writeMarks` does.
 */
export function changeBank(
  disk: BlockDevice,
  banks: readonly Bank[],
  action: BankAction,
  number?: number,
): MarkChange {
  const change = plan(banks, action, number);
  const place = readGpt(disk).partitions.find((one) => one.number === change.partition);
  if (!place) {
    const message = `partition ${change.partition}: expected it in the table it was read from`;
    throw new TwinbankError('internal', 'bank.partition', message);
  }
  writeMarks(partitionDevice(disk, place), change.marks);
  return change;
}

function plan(banks: readonly Bank[], action: BankAction, number: number | undefined): MarkChange {
  const bankOf = (partition: number) => banks.find((bank) => bank.partition === partition);
  const context = {
    verify: (partition: number) => bankOf(partition)?.problem ?? undefined,
    securityVersion: (partition: number) => bankOf(partition)?.securityVersion ?? undefined,
  };
  switch (action) {
    case 'confirm':
      return planConfirm(banks, context, number);
    case 'rollback':
      return planRollback(banks, context);
    case 'invalidate':
      return planInvalidate(banks, context, number ?? 0);
  }
}
