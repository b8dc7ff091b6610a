import type { BankPair } from '../state/save-state.ts';
import type { Settings } from '../state/setting-rows.ts';
import type { Configuration } from '../state/settings.ts';
import type { StateFile } from '../state/state-file.ts';

/** Work that is given to it is done one after another; never within itself. */
export type Lock = <T>(work: () => T | Promise<T>) => Promise<T>;

/** The bank that runs and the other one, by their partition numbers. */
export interface HostBanks {
  readonly number: number;
  /** Undefined where there is none. */
  readonly otherNumber: number | undefined;
  /**
   * Opens both for as long as `use` runs, under the lock of the banks: whoever reads a bank to decide what to write to one, and
   * whoever writes, does it in there, from the first look to the last read-back. Nobody is waited for in there: an update, which owns the
   * bank that it writes until it is over, leaves it for as long as its bundle does not come (held-lock.ts).
   */
  withPair<T>(use: (pair: BankPair) => Promise<T>): Promise<T>;
}

/** What the running system is configured to: files in memory, or what stands for them. */
export interface LiveConfiguration {
  /** Before the first look in a boot. */
  prepare?(): void;
  /** Never throws. */
  read(): Configuration;
  /** Those that are given; the others stay. */
  write(settings: Partial<Settings>): void;
  /** Keeps the files of a later version instead of those that it kept before. */
  carry(files: readonly StateFile[]): void;
}

/** How a host ends in order. */
export const endings = ['power-off', 'reboot'] as const;
export type Ending = (typeof endings)[number];
