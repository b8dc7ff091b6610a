import { unlessDamaged } from '../../../bootloader/damage.ts';
import { openFileDevice } from '../../../disk/file-device.ts';
import type { BankPair } from '../../../state/save-state.ts';
import { flushBuffers } from './running-bank.ts';

/** A bank's partition: its GPT number and its device. */
export interface BankPlace {
  readonly number: number;
  readonly device: string;
}

export interface BankPlaces {
  readonly bank: BankPlace;
  readonly other: BankPlace | undefined;
  /** As of `confirmRunningBank`. */
  readonly dropCaches?: ((path: string) => Promise<void>) | undefined;
}

/** Opens both banks for as long as `use` runs, the other one for reading; without it where it cannot be. */
export async function withBankPair<T>(
  { bank, other, dropCaches = flushBuffers }: BankPlaces,
  use: (pair: BankPair) => Promise<T>,
): Promise<T> {
  const device = openFileDevice(bank.device, { writable: true });
  const theirs = unlessDamaged(
    () => other && openFileDevice(other.device),
    () => {},
  );
  try {
    return await use({
      bank: device,
      other: theirs,
      dropCaches: () => dropCaches(bank.device),
    });
  } finally {
    device.close();
    theirs?.close();
  }
}
