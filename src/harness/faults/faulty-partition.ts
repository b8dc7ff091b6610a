import { TwinbankError } from '../../diagnostics/error.ts';
import type { GptPartition } from '../../disk/gpt-entry.ts';
import type { LiveFault } from './fault.ts';

/**
 * The partition on which reads or writes fail; undefined for the whole disk. Throws `usage.fault` for a number that no partition of the
 * disk has.
 */
export function faultyPartition(
  { partition }: Extract<LiveFault, { live: 'io-error' }>,
  partitions: readonly GptPartition[],
): GptPartition | undefined {
  if (partition === undefined) return undefined;
  const place = partitions.find(({ number }) => number === partition);
  if (place) return place;
  const known = partitions.map(({ number }) => number).join(', ');
  const message = `io-error: expected a partition of the disk (${known}), found ${partition}`;
  throw new TwinbankError('usage', 'usage.fault', message);
}
