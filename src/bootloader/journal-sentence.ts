import type { JournalRecord } from './boot-journal.ts';

/** What a record tells, in one sentence; it may hold what was read in a damaged bank. */
export function journalSentence(record: JournalRecord): string {
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
    case 'crash':
      return `${bank} panicked, build ${record.build}: ${record.why}`;
    case 'rollback':
      return `${bank} rolled back: ${record.why}`;
    case 'shutdown':
      return `${bank} shut down: ${record.why}`;
  }
}
