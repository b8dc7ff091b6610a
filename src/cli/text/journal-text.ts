import type { JournalRecord } from '../../bootloader/boot-journal.ts';
import { journalSentence } from '../../bootloader/journal-sentence.ts';
import { plain } from './plain-text.ts';

/** The journal for people, oldest first, a line a record. */
export function journalText(records: readonly JournalRecord[]): string {
  return records
    .map((record) => `  ${timeOf(record.time)}  ${plain(journalSentence(record))}`)
    .join('\n');
}

function timeOf(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime())
    ? '                   ?'
    : time.toISOString().replace('.000Z', 'Z');
}
