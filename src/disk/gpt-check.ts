import { TwinbankError } from '../diagnostics/error.ts';
import { exactSize } from '../diagnostics/size.ts';
import type { GptPartition } from './gpt-entry.ts';

/**
 * Throws unless every partition has a number of its own within 1 to `entryCount` (`gpt.number`), lies
 * within the usable LBAs (`gpt.range`) and overlaps no other (`gpt.overlap`). `kind` says who is to blame:
 * the recipe when the table is being made, the disk when it is being read; nobody where a right table has
 * no place on a disk.
 */
export function assertGptLayout(
  partitions: readonly GptPartition[],
  usable: { readonly firstUsableLba: number; readonly lastUsableLba: number },
  entryCount: number,
  kind: 'recipe' | 'corrupt' | 'refused',
): void {
  const numbers = new Set<number>();
  for (const { number, firstLba, lastLba } of partitions) {
    if (!Number.isInteger(number) || number < 1 || number > entryCount || numbers.has(number)) {
      throw new TwinbankError(
        kind,
        'gpt.number',
        `expected partition numbers from 1 to ${entryCount}, each once, found ${number}${numbers.has(number) ? ' twice' : ''}`,
      );
    }
    numbers.add(number);
    const { firstUsableLba, lastUsableLba } = usable;
    if (firstLba < firstUsableLba || lastLba > lastUsableLba || firstLba > lastLba) {
      throw new TwinbankError(
        kind,
        'gpt.range',
        `partition ${number}: expected a range within LBA ${firstUsableLba} to ${lastUsableLba}, found ${firstLba} to ${lastLba}`,
        { data: { number, firstLba, lastLba, firstUsableLba, lastUsableLba } },
      );
    }
  }
  const inOrder = [...partitions].sort((a, b) => a.firstLba - b.firstLba);
  for (const [index, partition] of inOrder.entries()) {
    const before = inOrder[index - 1];
    if (before && partition.firstLba <= before.lastLba) {
      const shared = Math.min(before.lastLba, partition.lastLba) - partition.firstLba + 1;
      throw new TwinbankError(
        kind,
        'gpt.overlap',
        `partition ${partition.number}: expected it to begin after LBA ${before.lastLba}, where partition ${before.number} ends, found LBA ${partition.firstLba} (${exactSize(shared * 512)} shared)`,
        { data: { number: partition.number, other: before.number } },
      );
    }
  }
}
