import type { DeviceNamer } from '../../../hostcore/device-namer.ts';
import { fullNetwork } from '../../../state/network-settings.ts';
import type { Settings } from '../../../state/setting-rows.ts';
import type { Console } from '../../system/console.ts';
import { type Controller, missingDrivers } from '../../system/controllers.ts';
import { type HostAddress, wantsIpv4 } from './host-addresses.ts';
import type { Lease } from './leases.ts';
import type { Network } from './network.ts';

export interface NetworkPort {
  readonly console: Pick<Console, 'stage' | 'line'>;
  setHostName(name: string): Promise<string | undefined>;
  openNetwork(port: { readonly namer: DeviceNamer; report(why: string): void }): Network;
  /** As of `BankPort`. */
  findControllers(): readonly Controller[];
  /** Undefined where there is none in time. */
  firstLease(timeoutMs: number): Promise<Lease | undefined>;
  addresses6(): readonly HostAddress[];
}

export interface StartedNetwork {
  readonly network: Network;
  /** The uplinks that were there at the start. */
  readonly interfaces: readonly string[];
  /** Asked for from the start on, as it takes its time. */
  readonly first: Promise<HostAddress | undefined>;
}

const addressTimeoutMs = 15_000;

/** Gives the host its name, makes its switches and asks for addresses, without waiting for any of it. */
export async function startNetwork(
  port: NetworkPort,
  { hostname, network: wanted = { mode: 'dhcp' } }: Partial<Settings>,
  namer: DeviceNamer,
): Promise<StartedNetwork> {
  if (hostname) await port.setHostName(hostname);
  const report = (why: string): void => port.console.line(`network: ${why}`);
  const network = port.openNetwork({ namer, report });
  const interfaces = network.uplinks();
  await network.start(wanted).catch(({ message }: Error) => report(message));
  const ask = (): Promise<HostAddress | undefined> =>
    wantsIpv4(fullNetwork(wanted))
      ? port.firstLease(addressTimeoutMs)
      : firstAddress6(network, port.addresses6);
  return { network, interfaces, first: interfaces.length > 0 ? ask() : Promise.resolve(undefined) };
}

/** Of a host without IPv4: a router's announcement takes its time, too. Undefined where none comes. */
function firstAddress6(
  network: Pick<Network, 'onAddresses'>,
  addresses6: NetworkPort['addresses6'],
): Promise<HostAddress | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), addressTimeoutMs);
    const look = (): void => {
      const [found] = addresses6();
      if (!found) return;
      clearTimeout(timer);
      resolve(found);
    };
    network.onAddresses(look);
    look();
  });
}

/** Waits for the first address, or for the news that there is none yet, and says it. */
export async function reportAddress(
  { console, findControllers }: Pick<NetworkPort, 'console' | 'findControllers'>,
  { interfaces, first }: StartedNetwork,
): Promise<void> {
  const address = await first;
  const why = interfaces.length > 0 ? '' : `: ${missingDrivers(findControllers(), 'network')}`;
  const none = `no address on ${interfaces.length} interfaces${why}`;
  console.stage(
    'network',
    address ? `${address.interface} ${address.address}/${address.prefix}` : none,
  );
}
