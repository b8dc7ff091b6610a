import { mutex } from '../../../hostcore/mutex.ts';

/**
 * The lock of the banks in the running system (`HostBanks.withPair`). vmkd is the only program that writes to banks, so that it
 * need not be more than a queue.
 */
export const withBankLock = mutex();
