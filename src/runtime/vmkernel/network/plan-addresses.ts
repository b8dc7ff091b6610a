import type { FullNetwork } from '../../../state/full-network.ts';
import type { HeldAddress } from './held-address.ts';

/** What interfaces of the host have, and where the rest is sent. */
export interface WantedAddresses {
  /** `10.0.0.5/24` by the names of interfaces. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** In the words of `ip route`, without a verb; the family is that of the network: `default via 10.0.0.1 dev vmk0 metric 100 proto dhcp`. */
  readonly routes: readonly string[];
}

/** An address of DHCP has its own default route; that of the first interface comes first, and one that is set before all. */
const metric = 100;

/** What these settings and the addresses that are held now come to. */
export function wantedAddresses(
  settings: FullNetwork,
  held: ReadonlyMap<string, HeldAddress>,
): WantedAddresses {
  const addresses = new Map<string, readonly string[]>();
  const learnt: string[] = [];
  for (const [index, { name, ipv6 }] of settings.interfaces.entries()) {
    const own = held.get(name);
    const fixed = ipv6.mode === 'static' ? ipv6.addresses : [];
    addresses.set(name, [
      ...(own ? [`${own.address}/${own.prefix}`] : []),
      ...fixed.map(({ address, prefix }) => `${address}/${prefix}`),
    ]);
    if (own?.router && own.from === 'dhcp') {
      // A router may be outside the network that the server named.
      const where = `via ${own.router} dev ${name} metric ${metric + index}`;
      learnt.push(`default ${where} proto dhcp onlink`);
    }
  }
  const { ipv4, ipv6 } = settings.gateway;
  const [address6, zone] = ipv6?.split('%') ?? [];
  return {
    addresses,
    routes: [
      ...(ipv4 ? [`default via ${ipv4} proto static`] : []),
      ...(address6 ? [`::/0 via ${address6}${zone ? ` dev ${zone}` : ''} proto static`] : []),
      ...settings.routes.map(({ network, router }) => `${network} via ${router} proto static`),
      ...learnt,
    ],
  };
}

/** Lines for `ip -batch`: only what differs. A route needs its address first, and an address that goes takes its routes along. */
export function planAddresses(before: WantedAddresses, wanted: WantedAddresses): string[] {
  const gone: string[] = [];
  const fresh: string[] = [];
  for (const [name, addresses] of wanted.addresses) {
    const now = before.addresses.get(name) ?? [];
    const isGone = (one: string): boolean => !addresses.includes(one);
    gone.push(...now.filter(isGone).map((one) => `address del ${one} dev ${name}`));
    const added = addresses.filter((one) => !now.includes(one));
    fresh.push(...added.map((one) => addAddress(one, name)));
  }
  const without = before.routes.filter((one) => !wanted.routes.includes(one));
  const added = wanted.routes.filter((one) => gone.length > 0 || !before.routes.includes(one));
  return [
    ...without.map((one) => `route del ${one}`),
    ...gone,
    ...fresh,
    ...added.map((one) => `route replace ${one}`),
  ];
}

function addAddress(address: string, name: string): string {
  if (address.includes(':')) return `address add ${address} dev ${name}`;
  const scope = address.startsWith('169.254.') ? ' scope link' : '';
  return `address add ${address} brd + dev ${name}${scope}`;
}
