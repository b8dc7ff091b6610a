import { encodeRecord, type JournalEvent, slotOffset } from '../../../bootloader/boot-journal.ts';
import { journalPlace } from '../../../bootloader/store-journal.ts';
import { openFileDevice } from '../../../disk/file-device.ts';

/** Writes what becomes of a boot where it outlives it. */
export interface Journal {
  /** Why nothing can be written, or undefined. */
  problem?: string;
  /** Never throws: a host whose store cannot be written runs all the same. */
  write(event: JournalEvent): void;
}

/**
 * The boot journal of a store partition (`/dev/vda8`). A host whose store is damaged boots all the same:
 * the journal then says what is wrong with it and writes nothing.
 */
export function openJournal(store: string | undefined, now: () => number): Journal {
  const none = (problem: string): Journal => ({ problem, write: () => {} });
  if (store === undefined) return none('no disk has a store');
  try {
    const device = openFileDevice(store, { writable: true });
    const place = journalPlace(device);
    if (typeof place === 'string') {
      device.close();
      return none(place);
    }
    let { sequence } = place;
    const journal: Journal = {
      write(event) {
        if (journal.problem !== undefined) return;
        sequence++;
        try {
          const record = encodeRecord({ ...event, sequence, time: Math.floor(now() / 1000) });
          device.write(place.offset + slotOffset(sequence), record);
          device.flush();
        } catch (error) {
          journal.problem = (error as Error).message;
        }
      },
    };
    return journal;
  } catch (error) {
    return none((error as Error).message);
  }
}
