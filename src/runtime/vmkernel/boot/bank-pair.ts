import { unlessDamaged } from '../../../bootloader/damage.ts';
import { openFileDevice } from '../../../disk/file-device.ts';
import type { HostBanks } from '../../../hostcore/host-port.ts';
import { mutex } from '../../../hostcore/mutex.ts';
import type { BankPair } from '../../../state/save-state.ts';
import { flushBuffers } from './running-bank.ts';

/**
 * The lock of the banks in the running system (`HostBanks.withPair`). vmkd is the only program that writes to banks, so that it
 * need not be more than a queue.
 */
export const withBankLock = mutex();

/** A bank's partition: its GPT number and its device. */
export interface BankPlace {
  readonly number: number;
  readonly device: string;
}

export interface BankPlaces {
  /** The bank that runs. */
  readonly bank: BankPlace;
  readonly other: BankPlace | undefined;
  /** As of `confirmRunningBank`. */
  readonly dropCaches?: ((path: string) => Promise<void>) | undefined;
  /** As of `BankGuard.assert`. */
  readonly assertOnlyBank?: (() => void) | undefined;
  /** Hears that the running bank may have been written. */
  readonly onClosed?: ((device: string) => void) | undefined;
}

/** Both banks of the disk that the system runs from, the other one for reading. */
export function bankPair(places: BankPlaces): HostBanks {
  return {
    number: places.bank.number,
    otherNumber: places.other?.number,
    withPair: (use) => withBankLock(() => withOpenPair(places, use)),
  };
}

/** Opens both banks for as long as `use` runs; without the other one where it cannot be. */
async function withOpenPair<T>(
  { bank, other, dropCaches = flushBuffers, assertOnlyBank, onClosed }: BankPlaces,
  use: (pair: BankPair) => Promise<T>,
): Promise<T> {
  assertOnlyBank?.();
  const device = openFileDevice(bank.device, { writable: true });
  const otherDevice = unlessDamaged(
    () => other && openFileDevice(other.device),
    () => {},
  );
  try {
    return await use({
      bank: device,
      other: otherDevice,
      dropCaches: () => dropCaches(bank.device),
    });
  } finally {
    device.close();
    otherDevice?.close();
    onClosed?.(bank.device);
  }
}
