import { checkBank } from '../bootloader/bank-contents.ts';
import { selectBank } from '../bootloader/select-bank.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { readBankForUpdate } from './bank-reading.ts';
import type { HostDisk } from './host-disk.ts';

/** The bank that the loader would start now. Throws `bank.none` (kind `refused`) where it would start none. */
export function nextBank(disk: HostDisk): number {
  const banks = disk.banks.map(({ number, device }) => readBankForUpdate(number, device));
  const { booted } = selectBank(
    banks.map(({ number, bootCfg }) => ({ partition: number, bootCfg })),
    {
      write: () => true,
      verify(partition) {
        const bank = banks.find(({ number }) => number === partition);
        const cfg = bank?.bootCfg.ok ? bank.bootCfg.cfg : undefined;
        return bank && checkBank(bank.files, cfg, { stopAtFirst: true }).problem;
      },
    },
  );
  if (booted !== null) return booted;
  throw new TwinbankError('refused', 'bank.none', 'banks: expected one that boots, found none');
}
