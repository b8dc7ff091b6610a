import { createHash } from 'node:crypto';
import type { AddressPort, HeldAddress } from './held-address.ts';

/** RFC 3927, section 9: MAX_CONFLICTS, and RATE_LIMIT_INTERVAL in ms. */
const mostConflicts = 10;
const rateLimitMs = 60_000;

/**
 * The address that a host tries as its `attempt`-th, counted from 0: 169.254.1.0 to 169.254.254.255, by its hardware address, so
 * that it is the same after each boot (RFC 3927, section 2.1).
 */
export function linkLocalAddress(mac: string, attempt: number): string {
  const digest = createHash('sha256').update(`${mac.toLowerCase()} ${attempt}`).digest();
  const index = digest.readUInt32BE(0) % (254 * 256);
  return `169.254.${1 + Math.floor(index / 256)}.${index % 256}`;
}

/** Finds an address that nobody has; undefined once `isWanted` says no. */
export async function findLinkLocal(
  port: Pick<AddressPort, 'mac' | 'isTaken' | 'after'>,
  isWanted: () => boolean,
): Promise<HeldAddress | undefined> {
  for (let attempt = 0; isWanted(); attempt++) {
    if (attempt >= mostConflicts) {
      await new Promise<void>((done) => void port.after(rateLimitMs, done));
    }
    const address = linkLocalAddress(port.mac, attempt);
    const isFree = !(await port.isTaken(address));
    if (isFree && isWanted()) {
      return {
        from: 'link-local',
        address,
        prefix: 16,
        router: '',
        dns: [],
        search: [],
        timeServers: [],
      };
    }
  }
  return undefined;
}
