import { TwinbankError } from '../../../diagnostics/error.ts';
import { type DiskFolders, findPartitions, listDisks, systemDisks } from './bank-partition.ts';
import type { KernelCommandLine } from './kernel-command-line.ts';

/**
 * Keeps the running system from writing to a disk that it may not have been booted from: one that was copied with its GUIDs is
 * told from it by nothing. It may come at any time, so that each write asks anew.
 */
export interface BankGuard {
  /** Looks at every disk. Throws `bank.ambiguous` (kind `refused`). */
  assert(): void;
  /** The same as a sentence, for whoever asks often: looks at the disks only when one has come or gone. */
  problem(): string | undefined;
}

/** Of the bank whose partition has this GUID and, as every copy of it, this number; without a GUID there is nothing to guard. */
export function bankGuard(
  { partitionGuid: guid, bank }: Pick<KernelCommandLine, 'partitionGuid' | 'bank'>,
  folders: DiskFolders = systemDisks,
): BankGuard {
  const look = (): TwinbankError | undefined =>
    guid === undefined ? undefined : ambiguity(guid, bank, folders);
  let last: { readonly disks: string; readonly problem: string | undefined } | undefined;
  return {
    assert() {
      const error = look();
      if (error) throw error;
    },
    problem() {
      const disks = listDisks(folders).join(' ');
      if (last?.disks !== disks) last = { disks, problem: look()?.message };
      return last.problem;
    },
  };
}

/** What is wrong where more than one partition has a GUID. */
function ambiguity(
  guid: string,
  bank: number | undefined,
  folders: DiskFolders,
): TwinbankError | undefined {
  const found = findPartitions(guid, folders, bank);
  if (found.length < 2) return undefined;
  const devices = found.map(({ device }) => device).join(', ');
  const message = `bank: expected one partition with the GUID ${guid} that was booted, found ${devices}: nothing is written; take out the copy or give it new GUIDs, and boot again`;
  return new TwinbankError('refused', 'bank.ambiguous', message, { data: { guid } });
}
