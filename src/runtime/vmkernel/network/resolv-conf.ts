import type { FullNetwork } from '../../../state/full-network.ts';
import type { HeldAddress } from './held-address.ts';

/** As many as the C library reads. */
const mostServers = 3;
const mostDomains = 6;

/** Name servers and domains: those of the settings, or else those that DHCP named, of the first interface first. */
export function nameServers(
  { dns, interfaces }: Pick<FullNetwork, 'dns' | 'interfaces'>,
  held: ReadonlyMap<string, HeldAddress>,
): { readonly servers: readonly string[]; readonly search: readonly string[] } {
  const learnt = interfaces.flatMap(({ name }) => held.get(name) ?? []);
  const some = (set: readonly string[], all: readonly string[], most: number): string[] =>
    [...new Set(set.length > 0 ? set : all)].slice(0, most);
  return {
    servers: some(
      dns.servers,
      learnt.flatMap((one) => one.dns),
      mostServers,
    ),
    search: some(
      dns.search,
      learnt.flatMap((one) => one.search),
      mostDomains,
    ),
  };
}

/** The text of `/etc/resolv.conf` (resolv.conf(5)). */
export function resolvConf({ servers, search }: ReturnType<typeof nameServers>): string {
  const domains = search.length > 0 ? [`search ${search.join(' ')}`] : [];
  return [...domains, ...servers.map((one) => `nameserver ${one}`)]
    .map((one) => `${one}\n`)
    .join('');
}
