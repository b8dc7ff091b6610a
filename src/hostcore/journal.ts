import {
  encodeRecord,
  type JournalEvent,
  type JournalRecord,
  journalCounter,
  slotOffset,
} from '../bootloader/boot-journal.ts';
import { journalPlace } from '../bootloader/store-journal.ts';
import type { BlockDevice } from '../disk/block-device.ts';

/** Writes what becomes of a boot where it outlives it. */
export interface Journal {
  /** Why nothing can be written, or undefined. */
  problem?: string;
  /** The last record when it was opened: of the boot before. */
  readonly last?: JournalRecord | undefined;
  /** No boot before was confirmed; undefined where that is not known. */
  readonly isNew?: boolean | undefined;
  /** Never throws: a host whose store cannot be written runs all the same. */
  write(event: JournalEvent): void;
}

/** A journal that writes nothing, and why. */
export function noJournal(problem: string): Journal {
  return { problem, write: () => {} };
}

/**
 * The boot journal of a store, from its partition; `now` is milliseconds since 1970. A host whose store is damaged boots all
 * the same: the journal then says what is wrong with it and writes nothing.
 */
export function openJournal(store: BlockDevice | undefined, now: () => number): Journal {
  if (!store) return noJournal('no disk has a store');
  const place = journalPlace(store);
  if (typeof place === 'string') return noJournal(place);
  let { sequence } = place;
  const journal: Journal = {
    last: place.last,
    isNew: place.isNew,
    write(event) {
      if (journal.problem !== undefined) return;
      sequence = journalCounter.next(sequence);
      try {
        const record = encodeRecord({ ...event, sequence, time: Math.floor(now() / 1000) });
        store.write(place.offset + slotOffset(sequence), record);
        store.flush();
      } catch (error) {
        journal.problem = (error as Error).message;
      }
    },
  };
  return journal;
}
