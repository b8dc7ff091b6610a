import { readFileSync, writeFileSync } from 'node:fs';
import {
  type JournalRecord,
  journalBytes,
  journalPath,
  readJournal,
} from '../../../../../src/bootloader/boot-journal.ts';
import { memoryDevice } from '../../../../../src/disk/block-device.ts';
import { type FatVolume, openFat } from '../../../../../src/disk/fat/volume.ts';
import { newVolume, payload } from '../../../disk/fat/trees.ts';

/** A store's partition as a file, with an empty journal between other files unless told. */
export function writeStore(path: string, fill: (volume: FatVolume) => void = withJournal): void {
  const { bytes, volume } = newVolume();
  fill(volume);
  volume.flush();
  writeFileSync(path, bytes);
}

export function withJournal(volume: FatVolume): void {
  volume.write('before', payload(10_000, 1));
  volume.mkdir('journal');
  volume.write(journalPath, new Uint8Array(journalBytes));
  volume.write('after', payload(10_000, 2));
}

/** The journal's records in a store's file. */
export function storeRecords(path: string): JournalRecord[] {
  return readJournal(openFat(memoryDevice(readFileSync(path))).read(journalPath));
}
