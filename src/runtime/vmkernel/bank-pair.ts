import { unlessDamaged } from '../../bootloader/damage.ts';
import { openFileDevice } from '../../disk/file-device.ts';
import type { BankPair } from '../../state/save-state.ts';
import type { BankState } from '../../state/slots-of-bank.ts';
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

/** Opens both banks for as long as `use` runs, the other one for reading; without it where it can not be. */
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

/**
 * What is wrong with a bank's slots where both were written and neither can be read: no power cut does that,
 * and what was in them is lost. Undefined otherwise.
 */
export function damagedSlots({ slots }: BankState): string | undefined {
  const reasons = slots.flatMap(({ name, reading }) =>
    reading.ok || reading.empty ? [] : [`${name}: ${reading.reason}`],
  );
  return reasons.length > 1 ? reasons.join('; ') : undefined;
}
