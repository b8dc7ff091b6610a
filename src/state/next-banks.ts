import { chooseNext } from '../bootloader/choose-next.ts';
import { isBankPartition } from '../bootloader/image-partitions.ts';
import { assertTwinbankDisk } from '../bootloader/inspect-image.ts';
import { readBanks } from '../bootloader/read-banks.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import type { GptPartition } from '../disk/gpt-entry.ts';

/** The banks of a disk at rest, as the one that boots next sees them. */
export interface NextBanks {
  readonly own: GptPartition;
  readonly other: GptPartition | undefined;
  /** Undefined where it boots; else why none does, one sentence. */
  readonly stuck: string | undefined;
}

/**
 * Where none boots, the first that nobody rolled back counts. Throws (kind `corrupt`) what
 * `assertTwinbankDisk` throws.
 */
export function nextBanks(disk: BlockDevice): NextBanks {
  const banks = assertTwinbankDisk(disk).partitions.filter(isBankPartition);
  const found = readBanks(disk);
  const { next, why } = chooseNext(found);
  const instead = found.find(({ verdict }) => verdict !== 'R') ?? found[0];
  const own = banks.find(({ number }) => number === (next ?? instead?.partition));
  if (!own) throw new TwinbankError('corrupt', 'bank.none', 'expected a bank, found none');
  const other = banks.find((bank) => bank !== own);
  return { own, other, stuck: next === null ? why : undefined };
}
