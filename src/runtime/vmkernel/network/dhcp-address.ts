import type { DhcpEvent } from './dhcp-event.ts';
import type { AddressPort, AddressSource, HeldAddress } from './held-address.ts';
import { findLinkLocal } from './link-local.ts';

/** A DHCP client that runs. */
export interface DhcpClient {
  /** Asks the server now whether the address still holds. */
  renew(): void;
  stop(): Promise<void>;
}

/**
 * An address of a DHCP server:
 *
 *     asking ── lease ──> bound ── taken back ──> asking
 *       │                   ↑
 *       └─ silence ──> link-local ── lease ──┘       (RFC 3927, section 1.9: never both)
 *
 * `adopted` is the one that a vmkd before this one had; it stays until the server has answered, or does not.
 */
export function dhcpAddress(
  port: AddressPort,
  startClient: (onEvent: (event: DhcpEvent) => void) => DhcpClient,
  adopted?: HeldAddress,
): AddressSource {
  let held = adopted;
  let problem: string | undefined;
  let stopped = false;
  let searching = false;
  let begun = false;
  const settle = (next: typeof held, why: typeof problem): void => {
    held = next;
    problem = why;
    port.changed();
  };
  const fallBack = async (): Promise<void> => {
    if (held?.from === 'link-local' || searching) return;
    searching = true;
    const isWanted = (): boolean => searching && !stopped;
    const found = await findLinkLocal(port, isWanted);
    if (!isWanted()) return;
    searching = false;
    if (found) settle(found, problem ?? `no DHCP server answers ${port.name}`);
  };
  const client = startClient((event) => {
    if (event.type === 'lease') {
      searching = false;
      settle(event.lease, undefined);
    } else if (event.type === 'none') {
      // The first one is said by a client that has only begun.
      const isNews = begun && held?.from === 'dhcp';
      begun = true;
      if (isNews) settle(undefined, problem);
    } else if (event.type === 'declined') {
      const why = `the address that DHCP offers ${port.name} is in use by another host`;
      settle(held?.from === 'dhcp' ? undefined : held, why);
    } else {
      if (held?.from === 'dhcp') settle(undefined, problem);
      void fallBack();
    }
  });
  return {
    held: () => held,
    problem: () => problem,
    linkUp: () => client.renew(),
    stop() {
      stopped = true;
      return client.stop();
    },
  };
}
