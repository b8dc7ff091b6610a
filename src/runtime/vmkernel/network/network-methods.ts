import { randomUUID } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import type { LiveConfiguration } from '../../../hostcore/host-port.ts';
import { type NetworkService, networkService } from '../../../hostcore/network-service.ts';
import type { StateKeeper } from '../../../hostcore/state-keeper.ts';
import { later } from '../../system/later.ts';
import { describeUplinks } from './describe-uplinks.ts';
import type { Network } from './network.ts';

export interface HostNetworkPort {
  readonly network: Network;
  readonly keeper: Pick<StateKeeper, 'save'>;
  readonly configuration: Pick<LiveConfiguration, 'read' | 'write'>;
  /** One line on the console. */
  line(text: string): void;
}

/** The methods by which the network of the running system is seen and changed (docs/network.md). */
export function hostNetwork(port: HostNetworkPort): NetworkService {
  const { network, keeper, configuration, line } = port;
  return networkService({
    saved: () => configuration.read().settings.network ?? { mode: 'dhcp' },
    write: (settings) => configuration.write({ network: settings }),
    save: () => keeper.save(),
    apply: network.configure,
    uplinks: network.uplinks,
    facts: () => ({
      uplinks: describeUplinks(network.uplinks()),
      interfaces: network.settings().interfaces.map(({ name }) => interfaceFacts(name)),
      problems: network.problems(),
    }),
    newToken: randomUUID,
    after: later,
    report: (why) => line(`network: ${why}`),
  });
}

/** Addresses of both families, those that the kernel has learnt as well. */
function interfaceFacts(name: string) {
  const found = networkInterfaces()[name] ?? [];
  return {
    name,
    mac: found[0]?.mac ?? null,
    addresses: found.flatMap(({ cidr }) => (cidr === null ? [] : [cidr])),
  };
}
