import type { NtpStatus } from './status.ts';
import type { Tracking } from './tracking.ts';

export interface NtpHost {
  readonly servers: readonly string[];
  /** Asks chronyd. Rejects with one sentence. */
  tracking(): Promise<Tracking>;
}

const unknown = {
  synchronised: false,
  source: null,
  stratum: null,
  offset: null,
  drift: null,
  rootDelay: null,
  rootDispersion: null,
};

/** How the clock is doing. Never throws. */
export async function ntpStatus({ servers, tracking }: NtpHost): Promise<NtpStatus> {
  if (servers.length === 0) return { ...unknown, servers, problem: null };
  try {
    const found = await tracking();
    return found.synchronised
      ? { ...found, servers, problem: null }
      : { ...unknown, servers, problem: null };
  } catch (error) {
    return { ...unknown, servers, problem: (error as Error).message };
  }
}
