import { oneAtATime } from '../../system/mutex.ts';

/**
 * The lock of the banks in the running system: whoever reads a bank to decide what to write to one, and
 * whoever writes, does it in here, from the first look to the last read-back. vmkd is the only program that
 * writes to banks, so that it need not be more than a queue. Never within itself.
 */
export const withBankLock = oneAtATime();
