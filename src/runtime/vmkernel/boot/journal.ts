import { openFileDevice } from '../../../disk/file-device.ts';
import { type Journal, noJournal, openJournal } from '../../../hostcore/journal.ts';

/** The boot journal of a store partition (`/dev/vda8`), which stays open. Never throws. */
export function openStoreJournal(store: string | undefined, now: () => number): Journal {
  if (store === undefined) return openJournal(undefined, now);
  try {
    const device = openFileDevice(store, { writable: true });
    const journal = openJournal(device, now);
    if (journal.problem !== undefined) device.close();
    return journal;
  } catch (error) {
    return noJournal((error as Error).message);
  }
}
