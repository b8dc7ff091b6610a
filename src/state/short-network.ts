import { isIP } from 'node:net';
import { isHostAddress, sameNet } from './ip-address.ts';
import { expected, listOf, membersOf, wholeNumber } from './setting-value.ts';

/**
 * The short form of the network's settings: one switch with one uplink, and the host's address on `vmk0`. Older versions
 * knew only this form, so their states have it.
 */
export type ShortNetwork =
  | { readonly mode: 'dhcp' }
  | {
      readonly mode: 'static';
      /** The uplink, such as `vmnic1`; older versions called it `eth1`. Default: `vmnic0`. */
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

/** The short form from what somebody gave. Throws `setting.value` (kind `corrupt`), one sentence. */
export function parseShortNetwork(value: unknown): ShortNetwork {
  const { mode, ...given } = membersOf('network', value, members);
  if (mode === 'dhcp') {
    const [other] = Object.keys(given);
    if (other !== undefined) throw expected('network', 'nothing beside the mode dhcp', other);
    return { mode };
  }
  if (mode !== 'static') throw expected('network.mode', 'dhcp or static', mode);
  const { interface: name, address, router, dns = [] } = given;
  if (name !== undefined && !(typeof name === 'string' && /^[A-Za-z0-9][\w.-]{0,14}$/.test(name))) {
    throw expected('network.interface', 'the name of an interface such as vmnic0', name);
  }
  if (!isHostAddress(address)) {
    throw expected('network.address', 'the IPv4 address of a host', address);
  }
  const prefix = wholeNumber('network.prefix', given.prefix, 1, 32);
  if (router !== undefined) {
    const near = isHostAddress(router) && router !== address && sameNet(address, router, prefix);
    if (!near) throw expected('network.router', `another host of ${address}/${prefix}`, router);
  }
  const isServer = (one: unknown): one is string => typeof one === 'string' && isIP(one) !== 0;
  return {
    mode,
    ...(name !== undefined && { interface: name }),
    address,
    prefix,
    ...(router !== undefined && { router: router as string }),
    dns: listOf('network.dns', dns, 3, 'an address', isServer),
  };
}
