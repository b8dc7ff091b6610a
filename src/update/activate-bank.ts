import { hashOr, readOr } from '../bootloader/bank-contents.ts';
import { unlessDamaged } from '../bootloader/damage.ts';
import { writeMarks } from '../bootloader/write-marks.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { type FatVolume, openFat } from '../disk/fat/volume.ts';
import { readBankForUpdate } from './bank-reading.ts';
import type { HostBank } from './host-disk.ts';
import { type BankPlan, bootCfgBytes } from './manifest/plan-bank.ts';
import { updating, writeBootCfg } from './prepare-bank.ts';

/**
 * Reads back every file of a bank from the medium. The caller has dropped the caches. Throws
 * `update.not-kept` (kind `io`), naming the first file that is not what was written.
 */
export function readBackBank(
  bank: HostBank,
  plan: BankPlan,
  onRead: (bytes: number) => void,
): void {
  const { files, volume } = readBankForUpdate(bank.number, bank.device);
  for (const file of plan.files) {
    const right =
      'data' in file
        ? sameBytes(readOr(files, file.name), file.data)
        : hashOr(files, file.name) === file.module.sha256;
    if (!right) throw notKept(bank, file.name);
    onRead(file.bytes);
  }
  const [error] = volume?.check().filter(({ severity }) => severity === 'error') ?? [];
  if (error) throw notKept(bank, 'its file system', `: ${error.message}`);
}

/**
 * Makes a bank that was filled and read back the next one to boot: a new boot.cfg, still INVALID, then the
 * one write that makes it UPGRADING; each is flushed and read back past the caches. Throws `update.not-kept`
 * (kind `io`).
 */
export async function activateBank(
  bank: HostBank,
  volume: FatVolume,
  plan: BankPlan,
  updated: number,
  dropCaches: () => Promise<void>,
): Promise<void> {
  const written = bootCfgBytes(plan, { ...updating, updated });
  writeBootCfg(bank, volume, written);
  await assertBootCfg(bank, written, dropCaches);
  const trial = { bootstate: '1', attempts: '0', verdict: '-' } as const;
  writeMarks(bank.device, trial);
  await assertBootCfg(bank, bootCfgBytes(plan, { ...trial, updated }), dropCaches);
}

async function assertBootCfg(
  bank: HostBank,
  expected: Uint8Array,
  dropCaches: () => Promise<void>,
): Promise<void> {
  await dropCaches();
  const found = unlessDamaged(
    () => openFat(bank.device).read('boot.cfg'),
    () => {},
  );
  if (!sameBytes(found, expected)) throw notKept(bank, 'boot.cfg');
}

function sameBytes(found: Uint8Array | undefined, expected: Uint8Array): boolean {
  return found !== undefined && Buffer.compare(found, expected) === 0;
}

function notKept(bank: HostBank, file: string, why = ''): TwinbankError {
  const message = `bank ${bank.number}: expected ${file} to read back as it was written, found other bytes${why}: the medium does not keep its data; the bank stays INVALID`;
  return new TwinbankError('io', 'update.not-kept', message, { data: { file } });
}
