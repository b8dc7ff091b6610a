import { TwinbankError } from '../../../diagnostics/error.ts';
import { inFile } from '../../../diagnostics/in-file.ts';
import type { Report } from '../../../diagnostics/progress.ts';
import { openImage } from '../../../disk/open-image.ts';
import { type NextBanks, nextBanks } from '../../../state/next-banks.ts';
import type { BankPair } from '../../../state/save-state.ts';
import { withHostDisk } from '../../host-disk.ts';

/** The banks of a disk at rest, as the bank that boots next sees them. */
export interface NextPair extends BankPair {
  readonly number: number;
  readonly otherNumber: number | undefined;
  /** Undefined where it boots; else why none does, one sentence. */
  readonly stuck: string | undefined;
}

/**
 * Opens both banks of an image, or of the disk of a host that does not run. Where none boots, the first that
 * nobody rolled back counts. Throws as `withHostDisk` does.
 */
export async function withNextPair<T>(
  place: {
    readonly image: string;
    readonly path: string;
    readonly writable: boolean;
    readonly report?: Report;
  },
  use: (pair: NextPair) => Promise<T>,
): Promise<T> {
  const { image, path, writable, report } = place;
  const options = { writable, change: 'marks', ...(report && { report }) } as const;
  const next = nextOf(image, path);
  return withHostDisk(image, path, options, async ({ banks, dropCaches }) => {
    const own = banks.find(({ number }) => number === next.own.number);
    if (!own) throw new TwinbankError('corrupt', 'bank.none', 'expected a bank, found none');
    const other = banks.find((bank) => bank !== own);
    return use({
      number: own.number,
      otherNumber: other?.number,
      stuck: next.stuck,
      bank: own.device,
      other: other?.device,
      dropCaches,
    });
  });
}

function nextOf(image: string, path: string): NextBanks {
  const opened = openImage(path);
  try {
    return nextBanks(opened.device);
  } catch (error) {
    throw inFile(image, error);
  } finally {
    opened.close();
  }
}
