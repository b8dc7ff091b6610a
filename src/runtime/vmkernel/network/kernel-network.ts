import { existsSync, readdirSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { lineSplitter } from '../../../protocol/line-splitter.ts';
import { runCommand } from '../../system/command.ts';
import { devicePlace } from '../../system/device-place.ts';
import { supervise } from '../../system/supervisor.ts';
import { textOf } from '../../system/sys-files.ts';
import type { DhcpClient } from './dhcp-address.ts';
import { type DhcpEvent, parseDhcpLine } from './dhcp-event.ts';
import { type LinkFacts, parseLinks, parsePortVlans } from './link-facts.ts';
import { runBatch } from './run-batch.ts';
import type { NetworkDevice } from './uplink-names.ts';

/** What the network needs of the kernel and of the programs beside it. */
export interface KernelNetwork {
  /** Network devices; the loopback, bridges and the like are none. */
  devices(): NetworkDevice[];
  /** Loads kernel modules; the kernel would do it by itself, by a program for each. What is missing shows where it is used. */
  loadModules(names: readonly string[]): Promise<void>;
  facts(): Promise<LinkFacts[]>;
  /** Runs lines of `ip` or `bridge`. Returns what went wrong, one sentence a line. */
  batch(program: 'ip' | 'bridge', lines: readonly string[]): Promise<string[]>;
  /** Switches something of IPv6 on an interface, or of those that are made later (`default`). */
  setIpv6(name: string, flag: 'disable_ipv6' | 'accept_ra' | 'autoconf', value: boolean): void;
  /** The hardware address of an interface; empty where it is not there. */
  macOf(name: string): string;
  /** Whether the cable of an uplink carries. */
  hasCarrier(uplink: string): boolean;
  /** Whether another host answers for the address (RFC 5227); takes a second if none does. */
  isTaken(name: string, address: string): Promise<boolean>;
  startDhcp(
    name: string,
    wanted: string | undefined,
    onEvent: (event: DhcpEvent) => void,
  ): DhcpClient;
  writeResolvConf(text: string): void;
  /** Hears each line that the kernel says about links and addresses. */
  watchLinks(onLine: (line: string) => void): void;
}

const programs = { ip: '/usr/bin/ip', bridge: '/usr/sbin/bridge' } as const;

/** The network of the running system. */
export const kernelNetwork: KernelNetwork = {
  devices: () =>
    readdirSync('/sys/class/net')
      .filter((name) => existsSync(`/sys/class/net/${name}/device`))
      .map((name) => ({ name, path: placeOf(name) })),
  async loadModules(names) {
    await runCommand('/sbin/modprobe', ['-q', '-a', ...names]);
  },
  facts: readFacts,
  batch: (program, lines) => runBatch(programs[program], lines),
  setIpv6(name, flag, value) {
    const file = `/proc/sys/net/ipv6/conf/${name}/${flag}`;
    if (existsSync(file)) writeFileSync(file, value ? '1' : '0');
  },
  macOf: (name) => textOf(`/sys/class/net/${name}/address`),
  hasCarrier: (uplink) => textOf(`/sys/class/net/${uplink}/operstate`) === 'up',
  async isTaken(name, address) {
    const args = ['-D', '-q', '-f', '-c', '1', '-w', '1', '-I', name, address];
    return (await runCommand('/bin/busybox', ['arping', ...args])).code === 1;
  },
  startDhcp,
  writeResolvConf(text) {
    // `/etc/resolv.conf` leads there; worlds see the folder, in which a file can be replaced by a whole one.
    writeFileSync('/run/twinbank/resolver/.resolv.conf', text);
    renameSync('/run/twinbank/resolver/.resolv.conf', '/run/twinbank/resolver/resolv.conf');
  },
  watchLinks(onLine) {
    const split = lineSplitter(onLine);
    supervise(
      { name: 'links', path: programs.ip, args: ['-o', 'monitor', 'link', 'address'] },
      { onOutput: (chunk) => split(chunk.toString('latin1')) },
    );
  },
};

/** Several ports may be one PCI function. */
function placeOf(name: string): string {
  const place = devicePlace(realpathSync(`/sys/class/net/${name}/device`));
  const port = Number(textOf(`/sys/class/net/${name}/dev_port`));
  return port > 0 ? `${place}/port${port}` : place;
}

/** At the first start there are devices alone, and what is to be known of them is in /sys: no program has to be run. */
async function readFacts(): Promise<LinkFacts[]> {
  const names = readdirSync('/sys/class/net');
  const isDevice = (name: string): boolean => existsSync(`/sys/class/net/${name}/device`);
  if (names.every((name) => name === 'lo' || isDevice(name))) {
    return names.filter(isDevice).map((name) => {
      const mac = textOf(`/sys/class/net/${name}/address`);
      const mtu = Number(textOf(`/sys/class/net/${name}/mtu`));
      const isUp = (Number(textOf(`/sys/class/net/${name}/flags`)) & 1) === 1;
      return { name, mac, ownMac: mac, mtu, isUp, vlans: [], addresses: [] };
    });
  }
  const [links, vlans] = await Promise.all([
    readJson(programs.ip, ['-j', '-d', 'address', 'show']),
    readJson(programs.bridge, ['-j', 'vlan', 'show']),
  ]);
  const ports = parsePortVlans(vlans);
  return parseLinks(links).map((one) => ({ ...one, vlans: ports.get(one.name) ?? [] }));
}

/** Throws what keeps the program from answering. */
async function readJson(program: string, args: readonly string[]): Promise<string> {
  const { code, output } = await runCommand(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${output}`);
  return output;
}

/** Asks for 6 s (three times), says so, and begins again 10 s later; an offer is looked at for 0.3 s (RFC 2131, section 4.4.1). */
function startDhcp(
  name: string,
  wanted: string | undefined,
  onEvent: (event: DhcpEvent) => void,
): DhcpClient {
  const options = ['-t', '3', '-T', '2', '-A', '10', '-a300', '-O', 'ntpsrv'];
  const again = wanted === undefined ? [] : ['-r', wanted];
  const args = ['-f', '-i', name, ...options, ...again, '-s', '/usr/lib/twinbank/dhcp-event'];
  const split = lineSplitter((line) => {
    const event = parseDhcpLine(line);
    if (event) onEvent(event);
  });
  const client = supervise(
    {
      name: `DHCP on ${name}`,
      path: '/bin/sh',
      // What it says itself goes to its standard error.
      args: ['-c', 'exec /bin/busybox udhcpc "$@" 2>&1', 'udhcpc', ...args],
    },
    {
      wanted: () => existsSync(`/sys/class/net/${name}`),
      onOutput: (chunk) => split(chunk.toString('latin1')),
    },
  );
  const renew = (): void => {
    const { pid } = client.report();
    try {
      if (pid !== undefined) process.kill(pid, 'SIGUSR1');
    } catch {
      // It has ended, and asks when it is started again.
    }
  };
  return { renew, stop: client.stop };
}
