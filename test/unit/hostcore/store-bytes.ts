import {
  type JournalRecord,
  journalBytes,
  journalPath,
  readJournal,
} from '../../../src/bootloader/boot-journal.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { type FatVolume, openFat } from '../../../src/disk/fat/volume.ts';
import { newVolume, payload } from '../disk/fat/trees.ts';

/** A store's partition, with an empty journal between other files unless told. */
export function storeBytes(fill: (volume: FatVolume) => void = withJournal): Buffer {
  const { bytes, volume } = newVolume();
  fill(volume);
  volume.flush();
  return bytes;
}

export function withJournal(volume: FatVolume): void {
  volume.write('before', payload(10_000, 1));
  volume.mkdir('journal');
  volume.write(journalPath, new Uint8Array(journalBytes));
  volume.write('after', payload(10_000, 2));
}

/** The journal's records in a store's partition. */
export function recordsIn(store: Uint8Array): JournalRecord[] {
  return readJournal(openFat(memoryDevice(store)).read(journalPath));
}
