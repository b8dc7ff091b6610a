import { readFileSync } from 'node:fs';
import { isIPv4, SocketAddress } from 'node:net';
import type { FullNetwork } from '../../../state/full-network.ts';
import { currentLeases } from './leases.ts';

/** An address by which others reach the host. */
export interface HostAddress {
  readonly interface: string;
  readonly address: string;
  readonly prefix: number;
}

/** linux/if_addr.h: not known yet to be free (RFC 4862), or known to be another host's. */
const tentative = 0x40;
const dadFailed = 0x08;
/** net/ipv6.h: IPV6_ADDR_LINKLOCAL. */
const linkScope = 0x20;

/**
 * IPv6 addresses that the host's interfaces have by the settings or by what routers announce, of `/proc/net/if_inet6`: address, index,
 * prefix, scope and flags in hex, name. Link-local ones are no addresses for others, and those that are not ours yet none at all.
 */
export function parseAddresses6(text: string): HostAddress[] {
  return text.split('\n').flatMap((line) => {
    const [hex = '', , prefix = '', scope = '', flags = '', name = ''] = line.trim().split(/\s+/);
    if (!/^vmk\d+$/.test(name) || Number.parseInt(scope, 16) === linkScope) return [];
    if ((Number.parseInt(flags, 16) & (tentative | dadFailed)) !== 0) return [];
    const groups = hex.match(/.{4}/g) ?? [];
    const { address } = new SocketAddress({ address: groups.join(':'), family: 'ipv6' });
    return [{ interface: name, address, prefix: Number.parseInt(prefix, 16) }];
  });
}

export function addresses6(file = '/proc/net/if_inet6'): HostAddress[] {
  try {
    return parseAddresses6(readFileSync(file, 'utf8'));
  } catch {
    // A kernel without IPv6.
    return [];
  }
}

/** All addresses of the host, those of IPv4 first: also link-local ones of that family, as nobody else may have answered. */
export function hostAddresses(): HostAddress[] {
  return [...currentLeases(), ...addresses6()];
}

/** Whether an interface is to have an address of IPv4, whichever it gets. */
export function wantsIpv4({ interfaces }: Pick<FullNetwork, 'interfaces'>): boolean {
  return interfaces.some(({ ipv4 }) => ipv4.mode !== 'none');
}

/**
 * What a certificate names: IPv6 only of a host that wants no IPv4, as what routers announce is another one soon. One that has no lease for
 * a moment is no such host.
 */
export function certifiedAddresses(
  all: readonly HostAddress[],
  settings: Pick<FullNetwork, 'interfaces'>,
): string[] {
  const addresses = all.map(({ address }) => address);
  return wantsIpv4(settings) ? addresses.filter(isIPv4) : addresses;
}

/** Of those that {@link hostAddresses} tells: nobody has answered. */
export function isLinkLocal({ address }: Pick<HostAddress, 'address'>): boolean {
  return address.startsWith('169.254.');
}
