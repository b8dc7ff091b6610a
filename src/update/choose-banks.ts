import { checkBank } from '../bootloader/bank-contents.ts';
import { exhausted, stateLabel } from '../bootloader/rules.ts';
import { bootOrder } from '../bootloader/select-bank.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { type BankReading, readBankForUpdate } from './bank-reading.ts';
import type { HostBank, HostDisk } from './host-disk.ts';
import { verifyBank } from './verify-bank.ts';

/** The bank that stays as it is, verified, and the one that may be overwritten. */
export interface ChosenBanks {
  readonly kept: BankReading;
  readonly target: BankReading;
  readonly targetBank: HostBank;
}

/**
 * Chooses the bank that an update keeps: the running one, which must be VALID with attempts 0, or of a disk
 * at rest the first in order that is VALID and not exhausted. Its contents and manifests must be right now:
 * it is what the host falls back to. Throws kind `refused`: `update.running-bank` and `update.no-way-back`.
 */
export function chooseBanks(disk: HostDisk, running: number | undefined): ChosenBanks {
  const banks = disk.banks.map(({ number, device }) => readBankForUpdate(number, device));
  const problems = new Map<number, string>();
  for (const kept of running === undefined ? candidates(banks) : [runningBank(banks, running)]) {
    const problem = keptProblem(kept);
    const target = banks.find((one) => one !== kept);
    const targetBank = disk.banks.find(({ number }) => number === target?.number);
    if (problem === undefined && target && targetBank) return { kept, target, targetBank };
    problems.set(kept.number, problem ?? 'there is no other bank');
  }
  const found = banks.flatMap((bank) => {
    const problem = problems.get(bank.number);
    if (problem !== undefined) return [`bank ${bank.number}: ${problem}`];
    return running === undefined ? [`bank ${bank.number} ${describe(bank)}`] : [];
  });
  const message = `banks: expected one to fall back to that is VALID, not exhausted and verified, found ${found.join('; ') || 'no bank'}`;
  throw new TwinbankError('refused', 'update.no-way-back', message);
}

function runningBank(banks: readonly BankReading[], running: number): BankReading {
  const bank = banks.find(({ number }) => number === running);
  const cfg = bank?.bootCfg.ok ? bank.bootCfg.cfg : undefined;
  if (bank && cfg?.bootstate === '0' && cfg.attempts === '0') return bank;
  const found = bank ? describe(bank) : 'no such bank';
  throw new TwinbankError(
    'refused',
    'update.running-bank',
    `bank ${running}: expected the running bank to be VALID with attempts 0, found ${found}; it has to be confirmed first`,
  );
}

function candidates(banks: readonly BankReading[]): BankReading[] {
  const order = bootOrder(banks.map(({ number, bootCfg }) => ({ partition: number, bootCfg })));
  return order.flatMap((number) => {
    const bank = banks.find((one) => one.number === number);
    const cfg = bank?.bootCfg.ok ? bank.bootCfg.cfg : undefined;
    return bank && cfg?.bootstate === '0' && cfg.attempts !== exhausted ? [bank] : [];
  });
}

/** Why a bank cannot be kept, as one clause. */
function keptProblem(bank: BankReading): string | undefined {
  const cfg = bank.bootCfg.ok ? bank.bootCfg.cfg : undefined;
  const contents = checkBank(bank.files, cfg, { stopAtFirst: true }).problem;
  if (contents !== undefined) return contents;
  // What the loader verifies was hashed just now; the sums are enough to hold it against the manifests.
  return verifyBank(bank, { by: 'sums' }).problems[0]?.message;
}

function describe({ bootCfg }: BankReading): string {
  if (!bootCfg.ok) return stateLabel(undefined);
  const { bootstate, attempts } = bootCfg.cfg;
  return `${stateLabel(bootstate)}, attempts ${attempts}`;
}
