import { openFileDevice } from '../../../disk/file-device.ts';
import { type Journal, noJournal, openJournal } from '../../../hostcore/journal.ts';

/**
 * The boot journal of a store partition (`/dev/vda8`), which stays open. `assertOnlyBank` as of `BankGuard.assert`: what it throws ends
 * the journal. Never throws.
 */
export function openStoreJournal(
  store: string | undefined,
  now: () => number,
  assertOnlyBank: () => void = () => {},
): Journal {
  if (store === undefined) return openJournal(undefined, now);
  try {
    const device = openFileDevice(store, { writable: true });
    const write = (offset: number, bytes: Uint8Array): void => {
      assertOnlyBank();
      device.write(offset, bytes);
    };
    const journal = openJournal({ ...device, write }, now);
    if (journal.problem !== undefined) device.close();
    return journal;
  } catch (error) {
    return noJournal((error as Error).message);
  }
}
