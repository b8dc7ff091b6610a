import { flag, list, number, object, parseJson, text } from '../../../protocol/form.ts';

/** What the kernel has: an interface of any kind. */
export interface LinkFacts {
  readonly name: string;
  /** Its hardware address now. */
  readonly mac: string;
  /** The one that its device has by itself. */
  readonly ownMac: string;
  readonly mtu: number;
  readonly isUp: boolean;
  /** Of a device: where it is plugged in. */
  readonly path?: string;
  /** The bridge or bond that it belongs to. */
  readonly master?: string;
  /** `bridge`, `bond`, `vlan`, ... */
  readonly kind?: string;
  /** Of a VLAN: its number, and the interface that it is of. */
  readonly vlan?: { readonly id: number; readonly link: string };
  /** Of a bond, in the kernel's words. */
  readonly bondMode?: string;
  /** VLANs that it has as the port of a bridge, or of the bridge itself. */
  readonly vlans: readonly PortVlan[];
  /** Addresses that somebody gave it; the kernel's own are not among them. */
  readonly addresses: readonly string[];
}

export interface PortVlan {
  readonly id: number;
  /** What comes untagged is in this one, and leaves untagged. */
  readonly isNative: boolean;
}

const linkForm = list(
  object(
    { ifname: text, mtu: number, flags: list(text) },
    {
      address: text,
      permaddr: text,
      master: text,
      link: text,
      linkinfo: object({}, { info_kind: text, info_data: object({}, { id: number, mode: text }) }),
      addr_info: list(
        object(
          { family: text, prefixlen: number, scope: text },
          { local: text, protocol: text, dynamic: flag },
        ),
      ),
    },
  ),
);

/** Interfaces from `ip -j -d address show`. Throws `json.form`. */
export function parseLinks(json: string): LinkFacts[] {
  return parseJson(json || '[]', linkForm, 'ip address').map((one) => {
    const { ifname: name, mtu, flags, address: mac = '', permaddr, master, link, linkinfo } = one;
    const { info_kind: kind, info_data: data } = linkinfo ?? {};
    const addresses = (one.addr_info ?? []).filter(
      ({ family, scope }) => family === 'inet' || (family === 'inet6' && scope !== 'link'),
    );
    return {
      name,
      mtu,
      mac,
      ownMac: permaddr ?? mac,
      isUp: flags.includes('UP'),
      vlans: [],
      ...(master !== undefined && { master }),
      ...(kind !== undefined && { kind }),
      ...(kind === 'vlan' && { vlan: { id: data?.id ?? 0, link: link ?? '' } }),
      ...(kind === 'bond' && { bondMode: data?.mode ?? '' }),
      addresses: addresses
        // From a router's announcement, or temporary: the kernel's.
        .filter(({ protocol, dynamic }) => !dynamic && !protocol?.startsWith('kernel_'))
        .map(({ local, prefixlen }) => `${local}/${prefixlen}`),
    };
  });
}

const vlanForm = list(
  object({
    ifname: text,
    vlans: list(object({ vlan: number }, { vlanEnd: number, flags: list(text) })),
  }),
);

/** VLANs of ports from `bridge -j vlan show`. Throws `json.form`. */
export function parsePortVlans(json: string): Map<string, PortVlan[]> {
  const ports = parseJson(json || '[]', vlanForm, 'bridge vlan');
  return new Map(
    ports.map(({ ifname, vlans }) => [
      ifname,
      vlans.flatMap(({ vlan, vlanEnd = vlan, flags = [] }) =>
        Array.from({ length: vlanEnd - vlan + 1 }, (_, index) => ({
          id: vlan + index,
          isNative: flags.includes('PVID'),
        })),
      ),
    ]),
  );
}
