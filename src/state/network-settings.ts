import { type FullNetwork, fullMembers, parseFullNetwork } from './full-network.ts';
import { parseShortNetwork, type ShortNetwork } from './short-network.ts';

/** What an administrator has set of the network, in the form in which it was set (docs/network.md). */
export type NetworkSettings = ShortNetwork | FullNetwork;

/** Network settings of either form from what somebody gave. Throws `setting.value` (kind `corrupt`), one sentence. */
export function parseNetwork(value: unknown): NetworkSettings {
  return isFull(value) ? parseFullNetwork(value) : parseShortNetwork(value);
}

/** Whoever names the members of the full form is told what is wrong in that one. */
function isFull(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || 'mode' in value) return false;
  return fullMembers.some((name) => Object.hasOwn(value, name));
}

/** What everything is done from: the full form of the settings, whichever form they were given in. */
export function fullNetwork(settings: NetworkSettings = { mode: 'dhcp' }): FullNetwork {
  if (!('mode' in settings)) return settings;
  const uplink = settings.mode === 'static' ? uplinkOf(settings.interface) : 'vmnic0';
  return {
    vSwitches: [{ name: 'vSwitch0', uplinks: [uplink], teaming: 'failover', mtu: 1500 }],
    portGroups: [
      { name: 'VM Network', vSwitch: 'vSwitch0', vlan: 0 },
      { name: 'Management Network', vSwitch: 'vSwitch0', vlan: 0 },
    ],
    interfaces: [
      {
        name: 'vmk0',
        portGroup: 'Management Network',
        ipv4:
          settings.mode === 'dhcp'
            ? { mode: 'dhcp' }
            : { mode: 'static', address: settings.address, prefix: settings.prefix },
        ipv6: { mode: 'autoconf' },
      },
    ],
    gateway: settings.mode === 'static' && settings.router ? { ipv4: settings.router } : {},
    routes: [],
    dns: { servers: settings.mode === 'static' ? settings.dns : [], search: [] },
  };
}

/** Versions without switches had the kernel's own names, which count the devices in the same order. */
export function uplinkOf(name = 'vmnic0'): string {
  return name.replace(/^eth(?=\d+$)/, 'vmnic');
}

/** The uplinks that settings name, each with its place and with the name that was given; what is left to the host is not among them. */
export function namedUplinks(
  settings: NetworkSettings,
): { readonly place: string; readonly given: string; readonly uplink: string }[] {
  if (!('mode' in settings)) {
    return settings.vSwitches.flatMap(({ name, uplinks }) =>
      uplinks.map((one) => ({
        place: `network.vSwitches ${name}.uplinks`,
        given: one,
        uplink: one,
      })),
    );
  }
  const given = settings.mode === 'static' ? settings.interface : undefined;
  return given === undefined
    ? []
    : [{ place: 'network.interface', given, uplink: uplinkOf(given) }];
}
