import type { FullNetwork, Interface } from '../../../state/full-network.ts';
import { dhcpAddress } from './dhcp-address.ts';
import type { AddressPort, AddressSource, HeldAddress } from './held-address.ts';
import type { KernelNetwork } from './kernel-network.ts';
import { adoptedLease } from './leases.ts';
import { staticAddress } from './static-address.ts';
import type { WantedLinks } from './wanted-links.ts';

/** Where the IPv4 addresses of the host's interfaces come from, one source for each that is to have one. */
export interface AddressSources {
  held(): Map<string, HeldAddress>;
  /** One sentence each. */
  problems(): string[];
  /** Ends those that the settings do not want any more; what stays as it is keeps its address. */
  stop(settings: FullNetwork, wanted: WantedLinks): Promise<void>;
  /** Starts those that are wanted and not there. Returns what is to be waited for until their addresses are known. */
  start(settings: FullNetwork, wanted: WantedLinks): Promise<void>[];
  /** A cable has come to the switch of this interface. */
  linkUp(name: string): void;
}

export interface SourcesOptions {
  readonly kernel: Pick<KernelNetwork, 'isTaken' | 'hasCarrier' | 'macOf' | 'startDhcp'>;
  readonly after: AddressPort['after'];
  /** As of `writeLeases`. */
  readonly leases?: string | undefined;
  changed(): void;
}

export function addressSources({ kernel, after, leases, changed }: SourcesOptions): AddressSources {
  const sources = new Map<string, { readonly made: string; readonly source: AddressSource }>();

  function begin(one: Interface, uplinks: readonly string[]): [AddressSource?, Promise<void>?] {
    const { name, ipv4 } = one;
    const port: AddressPort = {
      name,
      mac: kernel.macOf(name),
      after,
      changed,
      isTaken: (address) => kernel.isTaken(name, address),
      hasLink: () => uplinks.some((uplink) => kernel.hasCarrier(uplink)),
    };
    if (ipv4.mode === 'none') return [];
    if (ipv4.mode === 'static') {
      const source = staticAddress(ipv4, port);
      return [source, source.settled];
    }
    const adopted = adoptedLease(name, leases);
    const client: Parameters<typeof dhcpAddress>[1] = (onEvent) =>
      kernel.startDhcp(name, adopted?.address, onEvent);
    return [dhcpAddress(port, client, adopted)];
  }

  return {
    held() {
      const found = [...sources].flatMap(([name, { source }]) => {
        const one = source.held();
        return one ? [[name, one] as const] : [];
      });
      return new Map(found);
    },
    problems: () => [...sources.values()].flatMap(({ source }) => source.problem() ?? []),
    async stop(settings, wanted) {
      const stopping = [...sources].flatMap(([name, { made, source }]) => {
        const one = settings.interfaces.find((other) => other.name === name);
        if (one && madeFrom(one, wanted) === made) return [];
        sources.delete(name);
        return [source.stop()];
      });
      await Promise.all(stopping);
    },
    start(settings, wanted) {
      return settings.interfaces.flatMap((one) => {
        if (sources.has(one.name)) return [];
        const [source, settled] = begin(one, uplinksOf(one.name, wanted));
        if (source) sources.set(one.name, { made: madeFrom(one, wanted), source });
        return settled ? [settled] : [];
      });
    },
    linkUp: (name) => sources.get(name)?.source.linkUp(),
  };
}

/** Uplinks of the switch of an interface. */
export function uplinksOf(name: string, { interfaces, bridges }: WantedLinks): readonly string[] {
  const link = interfaces.find((one) => one.name === name);
  return bridges.find((one) => one.name === link?.bridge)?.uplinks ?? [];
}

/** In which network an interface is, and how it gets its address: where both stay the same, so does the address. */
function madeFrom({ name, ipv4 }: Interface, wanted: WantedLinks): string {
  const link = wanted.interfaces.find((one) => one.name === name);
  return JSON.stringify([ipv4, link, uplinksOf(name, wanted)]);
}
