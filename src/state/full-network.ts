import {
  assertInterfaces,
  type Interface,
  type Ipv4,
  type Ipv6,
  parseInterface,
} from './network-interface.ts';
import { type Gateway, parseDns, parseGateway, parseRoutes, type Route } from './network-routes.ts';
import {
  type PortGroup,
  parsePortGroups,
  parseSwitches,
  type VirtualSwitch,
} from './network-switch.ts';
import { each, membersOf } from './setting-value.ts';

export type { Gateway, Interface, Ipv4, Ipv6, PortGroup, Route, VirtualSwitch };

/** The whole network of a host: switches, what is connected to them, and the ways out. */
export interface FullNetwork {
  readonly vSwitches: readonly VirtualSwitch[];
  readonly portGroups: readonly PortGroup[];
  /** The host's own interfaces, `vmk0` and so on. */
  readonly interfaces: readonly Interface[];
  readonly gateway: Gateway;
  readonly routes: readonly Route[];
  /** Without servers those count that DHCP names. */
  readonly dns: { readonly servers: readonly string[]; readonly search: readonly string[] };
}

export const fullMembers = [
  'vSwitches',
  'portGroups',
  'interfaces',
  'gateway',
  'routes',
  'dns',
] as const;

const mostInterfaces = 16;

/** The full form from what somebody gave; what fits nothing else in it is refused. Throws `setting.value`, one sentence. */
export function parseFullNetwork(value: unknown): FullNetwork {
  const given = membersOf('network', value, fullMembers);
  const vSwitches = parseSwitches(given.vSwitches);
  const portGroups = parsePortGroups(given.portGroups, vSwitches);
  const interfaces = each('network.interfaces', given.interfaces, mostInterfaces, parseInterface);
  assertInterfaces(interfaces, portGroups);
  return {
    vSwitches,
    portGroups,
    interfaces,
    gateway: parseGateway(given.gateway, interfaces),
    routes: parseRoutes(given.routes, interfaces),
    dns: parseDns(given.dns),
  };
}
