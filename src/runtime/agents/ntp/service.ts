import type { NtpSetup } from './setup.ts';
import { type NtpStatus, unknownClock } from './status.ts';
import type { Tracking } from './tracking.ts';

export interface NtpHost extends Pick<NtpSetup, 'servers' | 'from'> {
  /** Asks chronyd. Rejects with one sentence. */
  tracking(): Promise<Tracking>;
}

/** How the clock is doing. Never throws. */
export async function ntpStatus({ servers, from, tracking }: NtpHost): Promise<NtpStatus> {
  try {
    const found = await tracking();
    return { ...(found.synchronised ? found : unknownClock), servers, from, problem: null };
  } catch (error) {
    return { ...unknownClock, servers, from, problem: (error as Error).message };
  }
}
