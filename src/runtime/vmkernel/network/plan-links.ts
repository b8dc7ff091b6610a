import type { LinkFacts, PortVlan } from './link-facts.ts';
import type { WantedBond, WantedBridge, WantedInterface, WantedLinks } from './wanted-links.ts';

/** How the kernel gets from what it has to what is wanted, in this order. */
export interface LinkPlan {
  /** Lines for `ip -batch`. */
  readonly links: readonly string[];
  /** Lines for `bridge -batch`. */
  readonly vlans: readonly string[];
  /** Lines for `ip -batch`, once the VLANs are there: what is sent before that is lost. */
  readonly starts: readonly string[];
}

const bondModes = { failover: 'active-backup', 'ip-hash': 'balance-xor', lacp: '802.3ad' } as const;

/** Plans only what differs, so that what stays loses no frame. */
export function planLinks(
  facts: readonly LinkFacts[],
  names: ReadonlyMap<string, string>,
  wanted: WantedLinks,
): LinkPlan {
  const renames = [...names].filter(([old, name]) => old !== name);
  const renamed = facts.map((one) => afterRename(one, names.get(one.name)));
  const gone = renamed.filter((one) => isOurs(one) && !isWanted(one, wanted));
  const left = renamed.filter((one) => !gone.includes(one));
  const now = new Map(left.map((one) => [one.name, afterRemoval(one, gone)]));
  const uplinks = [...names.values()].sort();
  return {
    links: [
      ...renames.flatMap(([old, name]) => [
        ...(facts.some((one) => one.name === old && one.isUp) ? [`link set dev ${old} down`] : []),
        `link set dev ${old} name ${name}`,
      ]),
      // Interfaces before the bridges that they are of.
      ...gone.filter(({ kind }) => kind === 'vlan').map(({ name }) => `link del dev ${name}`),
      ...gone.filter(({ kind }) => kind !== 'vlan').map(({ name }) => `link del dev ${name}`),
      ...uplinks.flatMap((name) => release(name, wanted, now)),
      ...wanted.bonds.flatMap((bond) => planBond(bond, now)),
      ...wanted.bridges.flatMap((bridge) => planBridge(bridge, now)),
      ...wanted.interfaces.flatMap((one) => planInterface(one, wanted, now)),
    ],
    vlans: wanted.bridges.flatMap((bridge) => planVlans(bridge, now)),
    starts: wanted.interfaces
      .filter(({ name }) => !now.get(name)?.isUp)
      .map(({ name }) => `link set dev ${name} up`),
  };
}

type Now = ReadonlyMap<string, LinkFacts>;

/** What vmkd alone makes in this system, by its kind and its name; virtual machines have their own. */
function isOurs({ kind, name }: LinkFacts): boolean {
  if (kind === 'vlan') return /^vmk\d+$/.test(name);
  return kind === 'bridge' || kind === 'bond';
}

function isWanted({ name, kind, vlan, bondMode }: LinkFacts, wanted: WantedLinks): boolean {
  if (kind === 'bridge') return wanted.bridges.some((one) => one.name === name);
  if (kind === 'bond') {
    return wanted.bonds.some((one) => one.name === name && bondModes[one.teaming] === bondMode);
  }
  return wanted.interfaces.some(
    (one) => one.name === name && one.vlan === vlan?.id && one.bridge === vlan.link,
  );
}

/** What is renamed has to be down for it. */
function afterRename(link: LinkFacts, name: string | undefined): LinkFacts {
  return name === undefined || name === link.name ? link : { ...link, name, isUp: false };
}

/** A port whose bridge or bond is removed is free, and without VLANs; the kernel puts down what leaves a bond. */
function afterRemoval(link: LinkFacts, gone: readonly LinkFacts[]): LinkFacts {
  const master = gone.find(({ name }) => name === link.master);
  if (!master) return link;
  const { master: _gone, ...free } = link;
  return { ...free, isUp: link.isUp && master.kind !== 'bond', vlans: [] };
}

/** Takes an uplink away from where it does not belong any more. */
function release(name: string, wanted: WantedLinks, now: Now): string[] {
  const master = now.get(name)?.master;
  return master === undefined || master === masterOf(name, wanted)
    ? []
    : [`link set dev ${name} nomaster`];
}

function masterOf(uplink: string, { bonds, bridges }: WantedLinks): string | undefined {
  const bond = bonds.find(({ uplinks }) => uplinks.includes(uplink));
  return (bond ?? bridges.find(({ port }) => port === uplink))?.name;
}

function planBond({ name, teaming, mtu, uplinks }: WantedBond, now: Now): string[] {
  const mode = bondModes[teaming];
  const hash = teaming === 'failover' ? '' : ' xmit_hash_policy layer3+4';
  const [first] = uplinks;
  const there = now.get(name);
  const lines = there ? [] : [`link add ${name} type bond mode ${mode} miimon 100${hash}`];
  for (const uplink of uplinks) {
    if (now.get(uplink)?.master === name) continue;
    if (now.get(uplink)?.isUp) lines.push(`link set dev ${uplink} down`);
    lines.push(`link set dev ${uplink} master ${name}`);
  }
  // What is enslaved comes up with its bond, and has its size.
  if (there?.mtu !== mtu) lines.push(`link set dev ${name} mtu ${mtu}`);
  if (teaming === 'failover' && first)
    lines.push(`link set dev ${name} type bond primary ${first}`);
  if (!there?.isUp) lines.push(`link set dev ${name} up`);
  return lines;
}

function planBridge(bridge: WantedBridge, now: Now): string[] {
  const { name, mtu, port } = bridge;
  const mac = now.get(bridge.uplinks[0] ?? '')?.ownMac;
  const there = now.get(name);
  const lines: string[] = [];
  // A bond has its size and is up by then.
  const uplink = bridge.uplinks.find((one) => one === port);
  if (uplink && now.get(uplink)?.mtu !== mtu) lines.push(`link set dev ${uplink} mtu ${mtu}`);
  if (!there) {
    // Without STP a port waits for nothing, and without a default VLAN it is in none before it is told.
    const rules =
      'vlan_filtering 1 vlan_default_pvid 0 stp_state 0 forward_delay 0 mcast_snooping 0';
    lines.push(`link add ${name}${mac ? ` address ${mac}` : ''} mtu ${mtu} type bridge ${rules}`);
  } else {
    if (mac && there.mac !== mac) lines.push(`link set dev ${name} address ${mac}`);
    if (there.mtu !== mtu) lines.push(`link set dev ${name} mtu ${mtu}`);
  }
  if (port && now.get(port)?.master !== name) lines.push(`link set dev ${port} master ${name}`);
  const wasInBond = now.get(now.get(uplink ?? '')?.master ?? '')?.kind === 'bond';
  if (uplink && (wasInBond || !now.get(uplink)?.isUp)) lines.push(`link set dev ${uplink} up`);
  if (!there?.isUp) lines.push(`link set dev ${name} up`);
  return lines;
}

function planInterface(wanted: WantedInterface, { bridges }: WantedLinks, now: Now): string[] {
  const { name, bridge, vlan } = wanted;
  const mtu = bridges.find((one) => one.name === bridge)?.mtu;
  const there = now.get(name);
  if (!there) return [`link add link ${bridge} name ${name} mtu ${mtu} type vlan id ${vlan}`];
  return there.mtu === mtu ? [] : [`link set dev ${name} mtu ${mtu}`];
}

function planVlans({ name, port, native, tagged, own }: WantedBridge, now: Now): string[] {
  const self = own.map((id) => ({ id, isNative: false }));
  const outside = [
    { id: native, isNative: true },
    ...tagged.map((id) => ({ id, isNative: false })),
  ];
  return [
    ...planPort(name, ' self', self, now.get(name)?.vlans ?? []),
    ...(port === undefined
      ? []
      : planPort(
          port,
          '',
          outside,
          now.get(port)?.master === name ? (now.get(port)?.vlans ?? []) : [],
        )),
  ];
}

function planPort(
  port: string,
  self: string,
  wanted: readonly PortVlan[],
  now: readonly PortVlan[],
): string[] {
  const has = (all: readonly PortVlan[], { id, isNative }: PortVlan): boolean =>
    all.some((one) => one.id === id && one.isNative === isNative);
  const extra = now.filter((one) => !wanted.some(({ id }) => id === one.id));
  const missing = wanted.filter((one) => !has(now, one));
  const native = missing.filter(({ isNative }) => isNative);
  const tagged = missing.filter(({ isNative }) => !isNative);
  return [
    ...ranges(extra).map((range) => `vlan del dev ${port} vid ${range}${self}`),
    ...native.map(({ id }) => `vlan add dev ${port} vid ${id} pvid untagged${self}`),
    ...ranges(tagged).map((range) => `vlan add dev ${port} vid ${range}${self}`),
  ];
}

/** `7` and `10-12` for 7, 10, 11 and 12. */
function ranges(vlans: readonly PortVlan[]): string[] {
  const ids = vlans.map(({ id }) => id).sort((one, other) => one - other);
  const found: { first: number; last: number }[] = [];
  for (const id of ids) {
    const open = found.at(-1);
    if (open && open.last === id - 1) open.last = id;
    else found.push({ first: id, last: id });
  }
  return found.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
}
