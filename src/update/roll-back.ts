import { planRollback } from '../bootloader/bank-actions.ts';
import { checkBank } from '../bootloader/bank-contents.ts';
import { withMarks } from '../bootloader/boot-cfg.ts';
import { bootCfgOffset, writeMarks } from '../bootloader/write-marks.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { readBankForUpdate } from './bank-reading.ts';
import type { HostDisk } from './host-disk.ts';

const sectorBytes = 512;

/**
 * Never boots the running bank again: INVALID, verdict R, if the other one is VALID, not exhausted, right now
 * and not below the security version. Returns the partition that was marked. Throws kind `refused` as
 * `planRollback` does, and `bank.not-kept` (kind `io`).
 */
export async function rollBackRunning(disk: HostDisk, running: number): Promise<number> {
  const banks = disk.banks.map(({ number, device }) => readBankForUpdate(number, device));
  const bankOf = (partition: number) => banks.find(({ number }) => number === partition);
  const { partition, marks } = planRollback(
    banks.map(({ number, bootCfg }) => ({ partition: number, bootCfg })),
    {
      running,
      verify(number) {
        const bank = bankOf(number);
        const cfg = bank?.bootCfg.ok ? bank.bootCfg.cfg : undefined;
        return bank && checkBank(bank.files, cfg, { stopAtFirst: true }).problem;
      },
      securityVersion: (number) => bankOf(number)?.manifests[0]?.manifest.base?.securityVersion,
    },
  );
  const bank = bankOf(partition);
  if (!bank) throw new TwinbankError('internal', 'bank.unknown', `bank ${partition} is gone`);
  const offset = bootCfgOffset(bank.device);
  const wanted = withMarks(bank.device.read(offset, sectorBytes), marks);
  writeMarks(bank.device, marks, { offset });
  await disk.dropCaches();
  if (Buffer.compare(bank.device.read(offset, sectorBytes), wanted) !== 0) {
    const message = `bank ${partition}: expected the marks to read back, found others: the bank does not keep what is written to it`;
    throw new TwinbankError('io', 'bank.not-kept', message);
  }
  return partition;
}
