import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { number, object, parseJson, text } from '../../../protocol/form.ts';
import type { NetworkSettings } from '../../../state/network-settings.ts';
import { runCommand } from '../../system/command.ts';
import { type Running, supervise } from '../../system/supervisor.ts';
import { setStaticAddress } from './static-address.ts';

/** An address that an interface has, by DHCP or by the settings. */
const leaseForm = object({
  interface: text,
  address: text,
  router: text,
  dns: text,
  prefix: number,
});
export type Lease = ReturnType<typeof leaseForm>;

const leases = '/run/twinbank/leases';

/** Network interfaces with a device behind them; the loopback and bridges have none. */
export function findInterfaces(): string[] {
  return readdirSync('/sys/class/net')
    .filter((name) => existsSync(`/sys/class/net/${name}/device`))
    .sort();
}

/** Tells the kernel its name. Returns what went wrong, or undefined. */
export async function setHostName(name: string): Promise<string | undefined> {
  const { code, output } = await runCommand('/bin/hostname', [name]);
  return code === 0 ? undefined : `hostname: ${output}`;
}

/** The network of the running system, as the settings want it. */
export interface Network {
  /** Changes from whatever there was to these settings. Returns what could not be done, or undefined. */
  configure(settings: NetworkSettings): Promise<string | undefined>;
}

/** The network on these interfaces; nothing is done before `configure`. */
export function openNetwork(interfaces: readonly string[]): Network {
  let clients: Running[] = [];
  let configured = false;
  return {
    configure: async (settings) => {
      mkdirSync(leases, { recursive: true });
      await Promise.all(clients.map((client) => client.stop()));
      clients = [];
      for (const name of interfaces) {
        // Of a vmkd before this one there may be addresses, too; at the first start there are none.
        if (configured || existsSync(leaseFile(name))) await forget(name);
        await runCommand('/sbin/ip', ['link', 'set', name, 'up']);
      }
      configured = true;
      if (settings.mode === 'dhcp') {
        clients = interfaces.map(startDhcp);
        return undefined;
      }
      return setStaticAddress(interfaces, settings, leaseFile);
    },
  };
}

/** Starts a DHCP client, which goes on asking and renewing for as long as the interface is there. */
function startDhcp(name: string): Running {
  const events = ['-s', '/usr/lib/twinbank/dhcp-event'];
  const args = ['-f', '-i', name, '-t', '3', '-T', '2', '-A', '10', '-O', 'ntpsrv', ...events];
  return supervise(
    { name: `DHCP on ${name}`, path: '/sbin/udhcpc', args },
    { wanted: () => existsSync(`/sys/class/net/${name}`) },
  );
}

/** Takes an interface its addresses, and with them the routes by them. */
async function forget(name: string): Promise<void> {
  rmSync(leaseFile(name), { force: true });
  await runCommand('/sbin/ip', ['addr', 'flush', 'dev', name]);
}

function leaseFile(name: string): string {
  return `${leases}/${name}.json`;
}

/** The addresses held now, one an interface. */
export function currentLeases(folder = leases): Lease[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
    .flatMap((name) => {
      try {
        const path = `${folder}/${name}`;
        return [parseJson(readFileSync(path, 'utf8'), leaseForm, path)];
      } catch {
        // It was given back meanwhile; or it is none.
        return [];
      }
    });
}

/** Waits for the first address; undefined when there is none in time (the clients go on asking). */
export function firstLease(timeoutMs: number): Promise<Lease | undefined> {
  return new Promise((resolve) => {
    const watcher = watch(leases);
    const finish = (lease: Lease | undefined): void => {
      clearTimeout(timer);
      watcher.close();
      resolve(lease);
    };
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    const look = (): void => {
      const [lease] = currentLeases();
      if (lease) finish(lease);
    };
    watcher.on('change', look);
    look();
  });
}
