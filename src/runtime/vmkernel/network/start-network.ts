import type { DeviceNamer } from '../../../hostcore/device-namer.ts';
import type { Settings } from '../../../state/setting-rows.ts';
import type { Console } from '../../system/console.ts';
import { type Controller, missingDrivers } from '../../system/controllers.ts';
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
}

export interface StartedNetwork {
  readonly network: Network;
  /** The uplinks that were there at the start. */
  readonly interfaces: readonly string[];
  /** Asked for from the start on, as it takes its time. */
  readonly lease: Promise<Lease | undefined>;
}

const leaseTimeoutMs = 15_000;

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
  const lease = interfaces.length > 0 ? port.firstLease(leaseTimeoutMs) : undefined;
  return { network, interfaces, lease: Promise.resolve(lease) };
}

/** Waits for the first address, or for the news that there is none yet, and says it. */
export async function reportAddress(
  { console, findControllers }: Pick<NetworkPort, 'console' | 'findControllers'>,
  { interfaces, lease }: StartedNetwork,
): Promise<void> {
  const first = await lease;
  const why = interfaces.length > 0 ? '' : `: ${missingDrivers(findControllers(), 'network')}`;
  const none = `no address on ${interfaces.length} interfaces${why}`;
  console.stage('network', first ? `${first.interface} ${first.address}/${first.prefix}` : none);
}
