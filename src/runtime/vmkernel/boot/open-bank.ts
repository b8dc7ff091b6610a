import { TwinbankError } from '../../../diagnostics/error.ts';
import type { Journal } from '../../../hostcore/journal.ts';
import type { Console } from '../../system/console.ts';
import { type Controller, missingDrivers } from '../../system/controllers.ts';
import type { BankPartition } from './bank-partition.ts';
import type { KernelCommandLine } from './kernel-command-line.ts';

export interface BankPort {
  readonly console: Pick<Console, 'line'>;
  readonly command: KernelCommandLine;
  /** Waits for the partition with a GUID; `again` is called between two looks. Throws `bank.ambiguous` where more than one has it. */
  findBank(guid: string, again: () => Promise<void>): Promise<BankPartition | undefined>;
  /** What leads to disks and networks, driven or not. */
  findControllers(): readonly Controller[];
  /** Of the disk that the bank is on. */
  openJournal(bank: BankPartition | undefined): Journal;
}

export interface OpenBank {
  /** Undefined where the loader named none, no disk has it, or more than one. */
  readonly bank: BankPartition | undefined;
  /** Why there is none; undefined where the loader named none. Such a boot is never `ready`. */
  readonly problem: string | undefined;
  readonly journal: Journal;
}

/** Finds the bank that runs and the journal beside it; a host whose journal cannot be written goes on. */
export async function openBank(port: BankPort, again: () => Promise<void>): Promise<OpenBank> {
  const { partitionGuid: guid, bank: number } = port.command;
  let problem: string | undefined;
  const find = async (wanted: string): Promise<BankPartition | undefined> => {
    try {
      return await port.findBank(wanted, again);
    } catch (error) {
      if (!(error instanceof TwinbankError)) throw error;
      problem = error.message;
      port.console.line(problem);
      return undefined;
    }
  };
  const bank = guid ? await find(guid) : undefined;
  if (guid && !bank) {
    const why = missingDrivers(port.findControllers(), 'disk');
    problem ??= `no disk has bank ${number ?? '-'} (partition ${guid}): ${why}`;
  }
  const journal = port.openJournal(bank);
  if (journal.problem) port.console.line(`boot journal: ${journal.problem}`);
  return { bank, problem, journal };
}
