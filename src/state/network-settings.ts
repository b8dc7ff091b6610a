import { isIP, isIPv4 } from 'node:net';
import { expected, listOf, membersOf } from './setting-value.ts';

/** How the host gets its address. */
export type NetworkSettings =
  /** Every interface asks for one. */
  | { readonly mode: 'dhcp' }
  | {
      readonly mode: 'static';
      /** Default: the first one; the others get no address. */
      readonly interface?: string;
      /** IPv4 */
      readonly address: string;
      /** Bits of the network, 1 to 32. */
      readonly prefix: number;
      /** IPv4, of the same network. */
      readonly router?: string;
      readonly dns: readonly string[];
    };

const members = ['mode', 'interface', 'address', 'prefix', 'router', 'dns'] as const;

/** Network settings from what somebody gave. Throws `setting.value` (kind `corrupt`), one sentence. */
export function parseNetwork(value: unknown): NetworkSettings {
  const { mode, ...given } = membersOf('network', value, members);
  if (mode === 'dhcp') {
    const [other] = Object.keys(given);
    if (other !== undefined) throw expected('network', 'nothing beside the mode dhcp', other);
    return { mode };
  }
  if (mode !== 'static') throw expected('network.mode', 'dhcp or static', mode);
  const { interface: name, address, prefix, router, dns = [] } = given;
  if (name !== undefined && !(typeof name === 'string' && /^[A-Za-z0-9][\w.-]{0,14}$/.test(name))) {
    throw expected('network.interface', 'the name of an interface such as eth0', name);
  }
  if (!isHostAddress(address)) {
    throw expected('network.address', 'the IPv4 address of a host', address);
  }
  if (typeof prefix !== 'number' || !Number.isInteger(prefix) || prefix < 1 || prefix > 32) {
    throw expected('network.prefix', 'a whole number from 1 to 32', prefix);
  }
  if (router !== undefined) {
    const near = isHostAddress(router) && router !== address && sameNet(address, router, prefix);
    if (!near) throw expected('network.router', `another host of ${address}/${prefix}`, router);
  }
  const isAddress = (one: unknown): one is string => typeof one === 'string' && isIP(one) !== 0;
  return {
    mode,
    ...(name !== undefined && { interface: name }),
    address,
    prefix,
    ...(router !== undefined && { router: router as string }),
    dns: listOf('network.dns', dns, 3, 'an address', isAddress),
  };
}

/** Neither "this network", nor loopback, multicast or reserved (RFC 6890). */
function isHostAddress(value: unknown): value is string {
  if (typeof value !== 'string' || !isIPv4(value)) return false;
  const first = Number(value.split('.')[0]);
  return first >= 1 && first <= 223 && first !== 127;
}

function sameNet(one: string, other: string, prefix: number): boolean {
  const shift = 2 ** (32 - prefix);
  return Math.floor(numberOf(one) / shift) === Math.floor(numberOf(other) / shift);
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
