import type { FullNetwork, VirtualSwitch } from '../../../state/full-network.ts';
import { allVlans } from '../../../state/network-switch.ts';

/** A switch as the kernel is to have it: a bridge that filters VLANs. */
export interface WantedBridge {
  readonly name: string;
  readonly mtu: number;
  /** What leads out of the host: an uplink, or a bond of several. */
  readonly port: string | undefined;
  /** The VLAN inside the bridge of what is untagged outside. */
  readonly native: number;
  /** The VLANs of its port groups that are tagged outside, too. */
  readonly tagged: readonly number[];
  /** Those of the host's own interfaces. */
  readonly own: readonly number[];
  /** Uplinks that are there, the preferred one first. */
  readonly uplinks: readonly string[];
}

export interface WantedBond {
  readonly name: string;
  readonly teaming: VirtualSwitch['teaming'];
  readonly mtu: number;
  readonly uplinks: readonly string[];
}

/** An interface of the host: the VLAN of a bridge, as the kernel sees it. */
export interface WantedInterface {
  readonly name: string;
  readonly bridge: string;
  readonly vlan: number;
}

export interface WantedLinks {
  readonly bridges: readonly WantedBridge[];
  readonly bonds: readonly WantedBond[];
  readonly interfaces: readonly WantedInterface[];
  /** Uplinks of the settings that this host lacks. */
  readonly missing: readonly string[];
}

/** IEEE 802.1Q: 0 and 4095 are no VLANs. */
export const vlans = Array.from({ length: 4094 }, (_, index) => index + 1);

/** What the kernel is to have for these settings, on a host with these uplinks. */
export function wantedLinks(settings: FullNetwork, present: readonly string[]): WantedLinks {
  const bridges = settings.vSwitches.map((one) => wantedBridge(settings, one, present));
  return {
    bridges,
    bonds: settings.vSwitches.flatMap(({ name, uplinks, teaming, mtu }) => {
      const there = uplinks.filter((uplink) => present.includes(uplink));
      return uplinks.length > 1 ? [{ name: bondOf(name), teaming, mtu, uplinks: there }] : [];
    }),
    interfaces: settings.interfaces.flatMap(({ name, portGroup }) => {
      const group = settings.portGroups.find((one) => one.name === portGroup);
      const bridge = bridges.find((one) => one.name === group?.vSwitch);
      if (!group || !bridge) return [];
      return [{ name, bridge: bridge.name, vlan: group.vlan || bridge.native }];
    }),
    missing: settings.vSwitches.flatMap(({ uplinks }) =>
      uplinks.filter((uplink) => !present.includes(uplink)),
    ),
  };
}

function wantedBridge(
  { portGroups, interfaces }: FullNetwork,
  { name, uplinks, mtu }: VirtualSwitch,
  present: readonly string[],
): WantedBridge {
  const groups = portGroups.filter(({ vSwitch }) => vSwitch === name);
  const asked = new Set(groups.map(({ vlan }) => vlan));
  // Any that no port group has. From the top, as small numbers are what people use.
  const native = vlans.findLast((vlan) => !asked.has(vlan)) ?? 1;
  const all = asked.has(allVlans);
  const own = groups.filter((group) => interfaces.some((one) => one.portGroup === group.name));
  const there = uplinks.filter((uplink) => present.includes(uplink));
  return {
    name,
    mtu,
    native,
    uplinks: there,
    port: uplinks.length > 1 ? bondOf(name) : there[0],
    tagged: vlans.filter((vlan) => vlan !== native && (all || asked.has(vlan))),
    own: [...new Set(own.map(({ vlan }) => vlan || native))],
  };
}

function bondOf(vSwitch: string): string {
  return `${vSwitch}-up`;
}
