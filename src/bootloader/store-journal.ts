import type { BlockDevice } from '../disk/block-device.ts';
import { type FatVolume, openFat } from '../disk/fat/volume.ts';
import { readGpt } from '../disk/gpt.ts';
import { partitionDevice } from '../disk/partition-device.ts';
import {
  encodeRecord,
  type JournalEvent,
  type JournalRecord,
  journalBytes,
  journalCounter,
  journalPath,
  readJournal,
  slotOffset,
} from './boot-journal.ts';
import { unlessDamaged } from './damage.ts';
import { imagePartition } from './image-partitions.ts';

/** The boot journal in a store's volume, oldest record first; empty where there is none. */
export function journalOfStore(volume: FatVolume): JournalRecord[] {
  const [folder = ''] = journalPath.split('/');
  const entry = volume.stat(folder)?.directory ? volume.stat(journalPath) : undefined;
  if (!entry || entry.directory) return [];
  return readJournal(volume.readRange(journalPath, 0, Math.min(entry.size, journalBytes)));
}

/** The boot journal of a disk; empty where there is no store or where it cannot be read. */
export function journalOfDisk(disk: BlockDevice): JournalRecord[] {
  const store = readGpt(disk).partitions.find((one) => imagePartition(one)?.role === 'store');
  const read = () => (store ? journalOfStore(openFat(partitionDevice(disk, store))) : []);
  return unlessDamaged(read, () => {}) ?? [];
}

/** Where the journal is in its store, and its last record. */
export interface JournalPlace {
  readonly offset: number;
  /** 0 before the first record. */
  readonly sequence: number;
  readonly last: JournalRecord | undefined;
  /** It has every record that was ever written, and no boot was confirmed. */
  readonly isNew: boolean;
}

/** The place of the journal in its store, or why it cannot be used. */
export function journalPlace(store: BlockDevice): JournalPlace | string {
  try {
    const [extent, ...others] = openFat(store).extents(journalPath);
    if (!extent || others.length > 0 || extent.length < journalBytes) {
      return `expected ${journalPath} in one piece in the store`;
    }
    const records = readJournal(store.read(extent.offset, journalBytes));
    const last = records.at(-1);
    const isWhole = records.every(({ sequence }, index) => sequence === index + 1);
    const wasConfirmed = records.some((one) => one.event === 'ready' && one.confirmed);
    const isNew = isWhole && !wasConfirmed;
    return { offset: extent.offset, sequence: last?.sequence ?? 0, last, isNew };
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Writes one record behind the last one; `now` is milliseconds since 1970. Returns why that cannot be done:
 * a store without a journal keeps nothing else from happening.
 */
export function appendJournal(
  store: BlockDevice,
  event: JournalEvent,
  now: number,
): string | undefined {
  const place = journalPlace(store);
  if (typeof place === 'string') return place;
  const sequence = journalCounter.next(place.sequence);
  const record = encodeRecord({ ...event, sequence, time: Math.floor(now / 1000) });
  store.write(place.offset + slotOffset(sequence), record);
  store.flush();
  return undefined;
}
