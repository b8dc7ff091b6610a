import { each, expected, listOf, membersOf, oneOfValues, wholeNumber } from './setting-value.ts';

/** How several uplinks of a switch work together. */
export const teamings = [
  /** The first one with a link carries everything. */
  'failover',
  /** Each connection has its uplink, by its addresses and ports; the physical switch has a static channel. */
  'ip-hash',
  /** IEEE 802.1AX with the physical switch. */
  'lacp',
] as const;

export interface VirtualSwitch {
  /** At most 12 characters: the kernel's names have 15, and one of ours ends in `-up`. */
  readonly name: string;
  /** Uplinks such as `vmnic0`, the preferred one first; none: a network inside this host. */
  readonly uplinks: readonly string[];
  readonly teaming: (typeof teamings)[number];
  /** Bytes of a frame's payload. */
  readonly mtu: number;
}

export interface PortGroup {
  readonly name: string;
  readonly vSwitch: string;
  /** 0: untagged; 1 to 4094: a VLAN; 4095: all of them, tagged, for guests that tag themselves. */
  readonly vlan: number;
}

/** The VLAN of a port group whose ports see all VLANs. */
export const allVlans = 4095;

const mostSwitches = 16;
const mostPortGroups = 256;
const mostUplinks = 8;
/** IPv6 needs the lesser (RFC 8200, section 5), hardware has the greater. */
const mtus = { least: 1280, most: 9000 };

/** Throws `setting.value`. */
export function parseSwitches(value: unknown): VirtualSwitch[] {
  const switches = each('network.vSwitches', value, mostSwitches, parseSwitch);
  assertOnce('network.vSwitches', switches, ({ name }) => name);
  const owners = new Map<string, string>();
  for (const { name, uplinks } of switches) {
    for (const uplink of uplinks) {
      const owner = owners.get(uplink);
      if (owner !== undefined) {
        const what = `uplinks of one switch only (${owner} has it, too)`;
        throw expected(`network.vSwitches ${name}`, what, uplink);
      }
      owners.set(uplink, name);
    }
  }
  return switches;
}

function parseSwitch(value: unknown, place: string): VirtualSwitch {
  const given = membersOf(place, value, ['name', 'uplinks', 'teaming', 'mtu']);
  const { name, uplinks = [], teaming = 'failover', mtu = 1500 } = given;
  if (typeof name !== 'string' || !/^[A-Za-z][A-Za-z0-9-]{0,11}$/.test(name) || isReserved(name)) {
    throw expected(`${place}.name`, 'at most 12 letters, digits and -, such as vSwitch0', name);
  }
  const isUplink = (one: unknown): one is string =>
    typeof one === 'string' && /^vmnic(0|[1-9]\d{0,2})$/.test(one);
  return {
    name,
    uplinks: listOf(`${place}.uplinks`, uplinks, mostUplinks, 'a name such as vmnic0', isUplink),
    teaming: oneOfValues(`${place}.teaming`, teaming, teamings),
    mtu: wholeNumber(`${place}.mtu`, mtu, mtus.least, mtus.most),
  };
}

/** Names that the kernel, or we, give to something else. */
function isReserved(name: string): boolean {
  return /^(lo|all|default|(vmnic|vmk|eth|bond)\d+|.*-up)$/i.test(name);
}

/** Throws `setting.value`. */
export function parsePortGroups(value: unknown, switches: readonly VirtualSwitch[]): PortGroup[] {
  const names = switches.map(({ name }) => name);
  const groups = each('network.portGroups', value, mostPortGroups, (one, place) => {
    const { name, vSwitch, vlan = 0 } = membersOf(place, one, ['name', 'vSwitch', 'vlan']);
    if (typeof name !== 'string' || !/^(?! )[^\p{C}\\/]{1,64}(?<! )$/u.test(name)) {
      throw expected(`${place}.name`, 'a name of at most 64 characters', name);
    }
    return {
      name,
      vSwitch: oneOfValues(`${place}.vSwitch`, vSwitch, names),
      vlan: wholeNumber(`${place}.vlan`, vlan, 0, allVlans),
    };
  });
  assertOnce('network.portGroups', groups, ({ name }) => name);
  return groups;
}

/** Throws `setting.value` for a name that two have. */
export function assertOnce<T>(place: string, all: readonly T[], nameOf: (one: T) => string): void {
  const names = all.map(nameOf);
  const index = names.findIndex((name, at) => names.indexOf(name) < at);
  if (index >= 0) throw expected(`${place}[${index}].name`, 'each one once', names[index]);
}
