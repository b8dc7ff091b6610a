import type { DeviceNamer } from '../../../hostcore/device-namer.ts';
import { mutex } from '../../../hostcore/mutex.ts';
import type { FullNetwork } from '../../../state/full-network.ts';
import { fullNetwork, type NetworkSettings } from '../../../state/network-settings.ts';
import { later } from '../../system/later.ts';
import { addressSources, uplinksOf } from './address-sources.ts';
import type { AddressPort, HeldAddress } from './held-address.ts';
import type { KernelNetwork } from './kernel-network.ts';
import { writeLeases } from './leases.ts';
import type { LinkFacts } from './link-facts.ts';
import { planAddresses, type WantedAddresses, wantedAddresses } from './plan-addresses.ts';
import { planLinks } from './plan-links.ts';
import { nameServers, resolvConf } from './resolv-conf.ts';
import { isUplinkName, type NetworkDevice, nameUplinks } from './uplink-names.ts';
import { type WantedLinks, wantedLinks } from './wanted-links.ts';

/** The network of the running system, as the settings want it. */
export interface Network {
  /** Names of its devices, as they are or will be. */
  uplinks(): string[];
  /** The same as `configure` without waiting for addresses, which may take their time. */
  start(settings: NetworkSettings): Promise<void>;
  /** Changes from whatever there is to these settings. Returns what could not be done, or undefined. */
  configure(settings: NetworkSettings): Promise<string | undefined>;
  /** The settings that hold now. */
  settings(): FullNetwork;
  /** What is wrong now, a sentence each. */
  problems(): string[];
  /** Hears whenever addresses, or what came with them, may be others. */
  onAddresses(listener: () => void): void;
}

export interface NetworkOptions {
  readonly kernel: KernelNetwork;
  readonly namer: DeviceNamer;
  /** Hears what has become wrong, one sentence. */
  report(why: string): void;
  /** Where leases are noted; default as of leases.ts. */
  readonly leases?: string;
  readonly after?: AddressPort['after'];
}

/** What was last done. */
interface NetworkState {
  live: FullNetwork;
  /** What the kernel has of it; undefined before the first time, and where something went wrong. */
  addresses: WantedAddresses | undefined;
  linkProblems: string[];
  addressProblems: string[];
  reported: readonly string[];
  /** IPv6 addresses that the kernel found with another host (RFC 4862, section 5.4). */
  readonly taken6: Set<string>;
  /** Devices that had no name of ours when they were last looked at. */
  unnamed: string;
  /** Uplinks with a cable. */
  connected: ReadonlySet<string>;
}

/** A cable that comes says so in several lines. */
const settleMs = 100;

/** The network over the kernel's; nothing is done before `configure`. */
export function openNetwork(options: NetworkOptions): Network {
  const { kernel, namer, report, leases, after = later } = options;
  const alone = mutex();
  /** What nobody waits for. */
  const soon = (work: () => Promise<void>): void =>
    void alone(work).catch(({ message }: Error) => report(message));
  const sources = addressSources({ kernel, after, leases, changed: () => soon(update) });
  const state: NetworkState = {
    live: fullNetwork(),
    addresses: undefined,
    linkProblems: [],
    addressProblems: [],
    reported: [],
    taken6: new Set(),
    unnamed: '',
    connected: new Set(),
  };
  let watching = false;
  const listeners: (() => void)[] = [];
  const uplinks = (): string[] => [...nameUplinks(kernel.devices(), namer).values()].sort();
  const connected = (): Set<string> => new Set(uplinks().filter(kernel.hasCarrier));
  const problems = (): string[] => [
    ...state.linkProblems,
    ...sources.problems(),
    ...state.addressProblems,
    ...[...state.taken6].map((one) => `${one} is in use by another host, and cannot be used`),
  ];

  /** Returns what is to be waited for until the addresses of the settings are known. */
  async function configure(settings: FullNetwork): Promise<Promise<void>[]> {
    state.live = settings;
    state.taken6.clear();
    const wanted = wantedLinks(settings, uplinks());
    await sources.stop(settings, wanted);
    const facts = await kernel.facts();
    const missing = wanted.missing.map((name) => `this host has no ${name}`);
    state.linkProblems = [...missing, ...(await applyLinks(options, facts, settings, wanted))];
    state.connected = connected();
    // At the first start there is nothing beside devices, and nobody has to be asked.
    const isFresh = facts.every(({ kind }) => kind === undefined);
    state.addresses = isFresh ? { addresses: new Map(), routes: [] } : undefined;
    const settled = sources.start(settings, wanted);
    await update();
    watchLinks();
    return settled;
  }

  /** Gives the kernel, the C library and whoever asks the addresses that are held now. */
  async function update(): Promise<void> {
    const held = sources.held();
    const wanted = wantedAddresses(state.live, held);
    state.addressProblems = await applyAddresses(kernel, state.addresses, wanted);
    state.addresses = state.addressProblems.length > 0 ? undefined : wanted;
    const names = nameServers(state.live, held);
    kernel.writeResolvConf(resolvConf(names));
    const shown = (one: HeldAddress) => ({
      router: one.router || (one.from === 'static' ? (state.live.gateway.ipv4 ?? '') : ''),
      dns: (one.from === 'static' ? names.servers : one.dns).join(' '),
    });
    writeLeases(held, shown, leases);
    for (const heard of listeners) heard();
    reportProblems();
  }

  function reportProblems(): void {
    for (const why of problems()) if (!state.reported.includes(why)) report(why);
    state.reported = problems();
  }

  function watchLinks(): void {
    if (watching) return;
    watching = true;
    let isDue = false;
    kernel.watchLinks((line) => {
      const taken = /^\d+: (vmk\d+)\s+inet6 ([0-9a-f:]+)\/.*\bdadfailed\b/.exec(line);
      if (taken?.[2] !== undefined) state.taken6.add(`${taken[2]} of ${taken[1]}`);
      if (isDue) return;
      isDue = true;
      after(settleMs, () => {
        isDue = false;
        soon(linksChanged);
      });
    });
  }

  /** A cable has come or gone, or a device. */
  async function linksChanged(): Promise<void> {
    const unnamed = namesWithout(kernel.devices());
    // One that cannot be renamed is not tried for ever.
    if (unnamed !== '' && unnamed !== state.unnamed) await configure(state.live);
    state.unnamed = namesWithout(kernel.devices());
    // An IPv6 address of a router's is the kernel's own news.
    for (const heard of listeners) heard();
    reportProblems();
    const now = connected();
    const fresh = [...now].filter((uplink) => !state.connected.has(uplink));
    state.connected = now;
    const wanted = wantedLinks(state.live, uplinks());
    for (const { name } of state.live.interfaces) {
      if (uplinksOf(name, wanted).some((one) => fresh.includes(one))) sources.linkUp(name);
    }
  }

  return {
    uplinks,
    settings: () => state.live,
    problems,
    onAddresses: (listener) => void listeners.push(listener),
    start: (settings) =>
      alone(async () => {
        await kernel.loadModules(['bridge', '8021q']);
        await configure(fullNetwork(settings));
      }),
    configure: (settings) =>
      alone(async () => {
        await Promise.all(await configure(fullNetwork(settings)));
        await update();
        return problems()[0];
      }),
  };
}

/** Makes switches and interfaces from what there is. Returns what went wrong, a sentence each. */
async function applyLinks(
  { kernel, namer }: Pick<NetworkOptions, 'kernel' | 'namer'>,
  facts: readonly LinkFacts[],
  { interfaces }: FullNetwork,
  wanted: WantedLinks,
): Promise<string[]> {
  const names = nameUplinks(kernel.devices(), namer);
  // Bridges and uplinks have no address of their own, not even a link-local one.
  for (const name of ['default', ...names.keys()]) kernel.setIpv6(name, 'disable_ipv6', true);
  const plan = planLinks(facts, names, wanted);
  const failed = await kernel.batch('ip', plan.links);
  for (const { name, ipv6 } of interfaces) {
    kernel.setIpv6(name, 'accept_ra', ipv6.mode === 'autoconf');
    kernel.setIpv6(name, 'autoconf', ipv6.mode === 'autoconf');
    kernel.setIpv6(name, 'disable_ipv6', ipv6.mode === 'none');
  }
  failed.push(...(await kernel.batch('bridge', plan.vlans)));
  failed.push(...(await kernel.batch('ip', plan.starts)));
  return failed;
}

/** Makes addresses and routes of what is wanted, from what was done last, or from what the kernel says. */
async function applyAddresses(
  kernel: KernelNetwork,
  before: WantedAddresses | undefined,
  wanted: WantedAddresses,
): Promise<string[]> {
  if (before) return kernel.batch('ip', planAddresses(before, wanted));
  const facts = await kernel.facts();
  const own = facts.filter(({ name }) => wanted.addresses.has(name));
  const now = {
    addresses: new Map(own.map(({ name, addresses }) => [name, addresses])),
    routes: [],
  };
  const hasOwn = own.length > 0;
  // Routes of a vmkd before this one are not known by their words.
  return kernel.batch('ip', [...(hasOwn ? flushRoutes : []), ...planAddresses(now, wanted)]);
}

/** Of both families: `root` takes all networks in the one that is named. */
const flushRoutes = ['0.0.0.0/0', '::/0'].flatMap((all) => [
  `route flush root ${all} proto static`,
  `route flush root ${all} proto dhcp`,
]);

/** Devices that are not named yet. */
function namesWithout(devices: readonly NetworkDevice[]): string {
  const names = devices.map(({ name }) => name).filter((name) => !isUplinkName(name));
  return names.sort().join(' ');
}
