import { isHostAddress, isHostAddress6 } from './ip-address.ts';
import { allVlans, assertOnce, type PortGroup } from './network-switch.ts';
import { each, expected, membersOf, oneOfValues, wholeNumber } from './setting-value.ts';

export type Ipv4 =
  /** Until a server answers, a link-local address (RFC 3927). */
  | { readonly mode: 'dhcp' }
  | { readonly mode: 'static'; readonly address: string; readonly prefix: number }
  | { readonly mode: 'none' };

export type Ipv6 =
  /** From what routers announce (RFC 4862). */
  | { readonly mode: 'autoconf' }
  | { readonly mode: 'static'; readonly addresses: readonly Address6[] }
  /** Not even a link-local address. */
  | { readonly mode: 'none' };

export interface Address6 {
  readonly address: string;
  readonly prefix: number;
}

/** An interface of the host itself on a switch; the first one has the hardware address of its switch's uplink. */
export interface Interface {
  /** `vmk0`, `vmk1` and so on. */
  readonly name: string;
  readonly portGroup: string;
  readonly ipv4: Ipv4;
  readonly ipv6: Ipv6;
}

const mostAddresses = 8;

/** Throws `setting.value`. */
export function parseInterface(value: unknown, place: string): Interface {
  const given = membersOf(place, value, ['name', 'portGroup', 'ipv4', 'ipv6']);
  const { name, portGroup } = given;
  if (typeof name !== 'string' || !/^vmk(0|[1-9]\d?)$/.test(name)) {
    throw expected(`${place}.name`, 'a name such as vmk0', name);
  }
  if (typeof portGroup !== 'string') {
    throw expected(`${place}.portGroup`, 'the name of a port group', portGroup);
  }
  return {
    name,
    portGroup,
    ipv4: parseIpv4(given.ipv4 ?? { mode: 'dhcp' }, `${place}.ipv4`),
    ipv6: parseIpv6(given.ipv6 ?? { mode: 'autoconf' }, `${place}.ipv6`),
  };
}

function parseIpv4(value: unknown, place: string): Ipv4 {
  const { mode, ...given } = membersOf(place, value, ['mode', 'address', 'prefix']);
  const kind = oneOfValues(`${place}.mode`, mode, ['dhcp', 'static', 'none']);
  if (kind !== 'static') return alone(place, kind, given);
  const { address, prefix } = given;
  if (!isHostAddress(address)) {
    throw expected(`${place}.address`, 'the IPv4 address of a host', address);
  }
  return { mode: kind, address, prefix: wholeNumber(`${place}.prefix`, prefix, 1, 32) };
}

function parseIpv6(value: unknown, place: string): Ipv6 {
  const { mode, ...given } = membersOf(place, value, ['mode', 'addresses']);
  const kind = oneOfValues(`${place}.mode`, mode, ['autoconf', 'static', 'none']);
  if (kind !== 'static') return alone(place, kind, given);
  const addresses = each(`${place}.addresses`, given.addresses, mostAddresses, (one, at) => {
    const { address, prefix } = membersOf(at, one, ['address', 'prefix']);
    if (!isHostAddress6(address)) {
      throw expected(`${at}.address`, 'the IPv6 address of a host', address);
    }
    return { address, prefix: wholeNumber(`${at}.prefix`, prefix, 1, 128) };
  });
  if (addresses.length === 0) throw expected(`${place}.addresses`, 'at least one', 'none');
  return { mode: kind, addresses };
}

/** A mode that has nothing beside it. Throws `setting.value`. */
function alone<Mode extends string>(place: string, mode: Mode, others: object): { mode: Mode } {
  const [other] = Object.keys(others);
  if (other !== undefined) throw expected(place, `nothing beside the mode ${mode}`, other);
  return { mode };
}

/** Throws `setting.value` for an interface that the switches cannot carry beside the others. */
export function assertInterfaces(
  interfaces: readonly Interface[],
  portGroups: readonly PortGroup[],
): void {
  assertOnce('network.interfaces', interfaces, ({ name }) => name);
  const taken = new Map<string, string>();
  for (const { name, portGroup } of interfaces) {
    const place = `network.interfaces ${name}.portGroup`;
    const group = portGroups.find((one) => one.name === portGroup);
    if (!group) throw expected(place, 'the name of a port group', portGroup);
    if (group.vlan === allVlans) throw expected(place, 'a port group with one VLAN', portGroup);
    // Two interfaces in one network answer for each other's addresses; and a switch has one for each VLAN.
    const network = `VLAN ${group.vlan} of ${group.vSwitch}`;
    const other = taken.get(network);
    if (other !== undefined) throw expected(place, `another network than ${other}`, network);
    taken.set(network, name);
  }
}
