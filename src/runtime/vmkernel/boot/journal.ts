import { openFileDevice } from '../../../disk/file-device.ts';
import { type Journal, noJournal, openJournal } from '../../../hostcore/journal.ts';

/**
 * The boot journal of a store partition (`/dev/vda8`), which stays open. `assertOnlyBank` as of `BankGuard.assert`: nothing is written
 * for as long as it throws. Never throws.
 */
export function openStoreJournal(
  store: string | undefined,
  now: () => number,
  assertOnlyBank: () => void = () => {},
): Journal {
  if (store === undefined) return openJournal(undefined, now);
  try {
    const device = openFileDevice(store, { writable: true });
    const journal = openJournal(device, now);
    if (journal.problem !== undefined) {
      device.close();
      return journal;
    }
    return {
      last: journal.last,
      isNew: journal.isNew,
      write(event) {
        try {
          assertOnlyBank();
        } catch {
          // It is among the system's problems, and the journal's next record may be written again.
          return;
        }
        journal.write(event);
      },
    };
  } catch (error) {
    return noJournal((error as Error).message);
  }
}
