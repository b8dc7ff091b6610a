import type { JournalEvent } from '../bootloader/boot-journal.ts';
import { type ApplyOptions, type ApplyResult, applyBundle } from './apply.ts';
import type { HostDisk } from './host-disk.ts';
import type { ByteSource } from './source/byte-source.ts';

/**
 * {@link applyBundle}, with its begin and end told to the boot journal, from the first write on: a host that is
 * asked why it runs what it runs has to know of updates that failed. Throws as that does; what the journal
 * throws then is dropped, as a medium that keeps nothing keeps no record of it either.
 */
export async function updateWithJournal(
  source: ByteSource,
  disk: HostDisk,
  options: ApplyOptions,
  journal: (event: JournalEvent) => void,
): Promise<ApplyResult> {
  let begun: { bank: number; from: string; to: string } | undefined;
  try {
    const result = await applyBundle(source, disk, {
      ...options,
      onBegin: (plan) => {
        begun = { bank: plan.target, from: plan.from, to: plan.to };
        options.onBegin?.(plan);
        journal({ event: 'update', step: 'begun', ...begun });
      },
    });
    if (begun) journal({ event: 'update', step: 'complete', ...begun });
    return result;
  } catch (error) {
    if (!begun) throw error;
    const why = error instanceof Error ? error.message : String(error);
    try {
      journal({ event: 'update', step: 'failed', ...begun, why });
    } catch {
      // What comes first is what is told.
    }
    throw error;
  }
}
