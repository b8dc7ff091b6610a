import { type BankFiles, checkBank, readBankBootCfg } from './bank-contents.ts';
import { type BootCfgReading, type BootMarks, readBootCfg, savedByGrub } from './boot-cfg.ts';
import { markKeys } from './rules.ts';
import type { BankFacts, BankIo } from './selection.ts';

/** A mounted bank that the loader can also write to. */
export interface LoaderBank extends BankFiles {
  readonly partition: number;
  /** Overwrites boot.cfg in place. May throw, or do nothing, on media that cannot be written. */
  writeBootCfg(bytes: Uint8Array): void;
}

/**
 * The loader's own way with a bank's files: `save_env`, read back, and the check of the contents. `readCfg`
 * lets a simulator remember what it has read.
 */
export function loaderIo(
  banks: readonly LoaderBank[],
  readCfg: (bank: LoaderBank) => BootCfgReading = readBankBootCfg,
): { facts: BankFacts[]; io: BankIo } {
  const known = new Map(banks.map((bank) => [bank.partition, { bank, reading: readCfg(bank) }]));
  return {
    facts: [...known].map(([partition, { reading }]) => ({ partition, bootCfg: reading })),
    io: {
      write(partition, marks) {
        const bank = known.get(partition)?.bank;
        return bank !== undefined && saveMarks(bank, marks);
      },
      verify(partition) {
        const { bank, reading } = known.get(partition) ?? {};
        if (!bank || !reading?.ok) return 'boot.cfg is unreadable';
        return checkBank(bank, reading.cfg, { stopAtFirst: true }).problem;
      },
    },
  };
}

/** One `save_env`, then a second look at the file. */
function saveMarks(bank: LoaderBank, marks: BootMarks): boolean {
  const bytes = bank.read('boot.cfg');
  const saved = bytes && savedByGrub(bytes, marks);
  if (!saved) return false;
  try {
    bank.writeBootCfg(saved);
  } catch {
    // A read-only medium; the second look decides.
  }
  const after = bank.read('boot.cfg');
  if (!after) return false;
  if (Buffer.compare(after, saved) === 0) return true;
  const reading = readBootCfg(after);
  return reading.ok && markKeys.every((key) => reading.cfg[key] === marks[key]);
}
