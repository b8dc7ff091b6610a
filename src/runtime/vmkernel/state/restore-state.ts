import type { StateKeeper } from '../../../hostcore/state-keeper.ts';
import type { Console } from '../../system/console.ts';
import type { BankPartition } from '../boot/bank-partition.ts';

export interface RestorePort {
  readonly console: Pick<Console, 'stage'>;
  /** Undefined where no disk has the bank. */
  stateKeeper(bank: BankPartition | undefined): StateKeeper;
}

/** What may be lost of changes that were made past vmkd, by an editor in a shell. */
const saveIntervalMs = 3_600_000;

/** Restores what an administrator had changed, before anything reads it, and saves it every hour from now on. */
export async function restoreState(
  port: RestorePort,
  bank: BankPartition | undefined,
): Promise<StateKeeper> {
  const keeper = port.stateKeeper(bank);
  port.console.stage('state', await keeper.restore());
  setInterval(() => void keeper.saveChanges(), saveIntervalMs);
  return keeper;
}
