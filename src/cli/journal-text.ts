import type { JournalRecord } from '../bootloader/boot-journal.ts';
import { plain } from './plain-text.ts';

/** The journal for people, oldest first, a line a record. */
export function journalText(records: readonly JournalRecord[]): string {
  return records.map((record) => `  ${timeOf(record.time)}  ${plain(sentence(record))}`).join('\n');
}

function timeOf(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime())
    ? '                   ?'
    : time.toISOString().replace('.000Z', 'Z');
}

function sentence(record: JournalRecord): string {
  const bank = `bank ${record.bank}`;
  switch (record.event) {
    case 'booted': {
      const { build, state, attempts, refused } = record;
      const others = refused.map(({ bank, why }) => `; bank ${bank} refused: ${why}`);
      return `${bank} booted, build ${build}, found ${state} attempts ${attempts}${others.join('')}`;
    }
    case 'ready': {
      const seconds = Math.max(0, ...Object.values(record.stages));
      const how = record.confirmed ? 'confirmed' : `not confirmed: ${record.why ?? 'no reason'}`;
      return `${bank} ready after ${seconds.toFixed(1)} s, ${how}`;
    }
    case 'unhealthy':
      return `${bank} unhealthy: ${record.why}`;
    case 'update': {
      const { step, from, to, why } = record;
      const how = {
        begun: 'update begun',
        complete: 'update complete, boots next as a trial',
        failed: `update failed: ${why ?? 'no reason'}`,
      };
      return `${bank} ${how[step]}, ${from} -> ${to}`;
    }
    case 'rollback':
      return `${bank} rolled back: ${record.why}`;
    case 'shutdown':
      return `${bank} shut down: ${record.why}`;
  }
}
