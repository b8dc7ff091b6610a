import { isIP, isIPv4 } from 'node:net';
import { addressBytes, isHostAddress, isHostAddress6, isNetwork, sameNet } from './ip-address.ts';
import type { Interface } from './network-interface.ts';
import { each, expected, isHostName, listOf, membersOf } from './setting-value.ts';

/** The routers that the default routes use; where none is set, those that DHCP and routers announce. */
export interface Gateway {
  readonly ipv4?: string;
  /** A link-local one with its interface: `fe80::1%vmk0`. */
  readonly ipv6?: string;
}

export interface Route {
  /** `10.0.0.0/8` or `2001:db8::/32` */
  readonly network: string;
  /** Of the same family, in the network of an interface. */
  readonly router: string;
}

const mostRoutes = 64;
/** As many as the C library reads of resolv.conf. */
const mostServers = 3;
const mostDomains = 6;

/** Throws `setting.value`. */
export function parseGateway(value: unknown, interfaces: readonly Interface[]): Gateway {
  const { ipv4, ipv6 } = membersOf('network.gateway', value ?? {}, ['ipv4', 'ipv6']);
  if (ipv4 !== undefined && !(isHostAddress(ipv4) && isReached(ipv4, interfaces))) {
    throw expected('network.gateway.ipv4', 'another host in the network of an interface', ipv4);
  }
  if (ipv6 !== undefined && !isGateway6(ipv6, interfaces)) {
    const what = 'an IPv6 address in the network of an interface, or one such as fe80::1%vmk0';
    throw expected('network.gateway.ipv6', what, ipv6);
  }
  return {
    ...(ipv4 !== undefined && { ipv4: String(ipv4) }),
    ...(ipv6 !== undefined && { ipv6: String(ipv6) }),
  };
}

function isGateway6(value: unknown, interfaces: readonly Interface[]): boolean {
  if (typeof value !== 'string') return false;
  const [address = '', zone] = value.split('%');
  if (!isHostAddress6(address)) return false;
  const [first = 0, second = 0] = addressBytes(address) ?? [];
  const linkLocal = first === 0xfe && (second & 0xc0) === 0x80;
  if (linkLocal) return interfaces.some(({ name, ipv6 }) => name === zone && ipv6.mode !== 'none');
  return zone === undefined && isReached(address, interfaces);
}

/** Throws `setting.value`. */
export function parseRoutes(value: unknown, interfaces: readonly Interface[]): Route[] {
  return each('network.routes', value ?? [], mostRoutes, (one, place) => {
    const { network, router } = membersOf(place, one, ['network', 'router']);
    if (!isNetwork(network) || network.endsWith('/0')) {
      throw expected(`${place}.network`, 'a network such as 10.0.0.0/8', network);
    }
    const [address = ''] = network.split('/');
    const isRight = isIPv4(address) ? isHostAddress(router) : isHostAddress6(router);
    if (!isRight || !isReached(String(router), interfaces)) {
      const what = 'a host of the same family in the network of an interface';
      throw expected(`${place}.router`, what, router);
    }
    return { network, router: String(router) };
  });
}

/**
 * Whether an interface can reach it directly. Of one that learns its address nobody knows yet, so it is believed. None can
 * reach a host by the host's own address.
 */
function isReached(router: string, interfaces: readonly Interface[]): boolean {
  const statics = interfaces.flatMap(({ ipv4, ipv6 }) => [
    ...(ipv4.mode === 'static' ? [ipv4] : []),
    ...(ipv6.mode === 'static' ? ipv6.addresses : []),
  ]);
  if (statics.some(({ address }) => address === router)) return false;
  if (statics.some(({ address, prefix }) => sameNet(address, router, prefix))) return true;
  return interfaces.some(({ ipv4, ipv6 }) =>
    isIPv4(router) ? ipv4.mode === 'dhcp' : ipv6.mode === 'autoconf',
  );
}

/** Throws `setting.value`. */
export function parseDns(value: unknown): { servers: string[]; search: string[] } {
  const given = membersOf('network.dns', value ?? {}, ['servers', 'search']);
  const { servers = [], search = [] } = given;
  const isServer = (one: unknown): one is string => typeof one === 'string' && isIP(one) !== 0;
  return {
    servers: listOf('network.dns.servers', servers, mostServers, 'an address', isServer),
    search: listOf('network.dns.search', search, mostDomains, 'a domain', isHostName),
  };
}
