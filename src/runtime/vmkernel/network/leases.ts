import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { list, number, object, oneOf, parseJson, text } from '../../../protocol/form.ts';
import type { HeldAddress } from './held-address.ts';

const leaseForm = object({
  interface: text,
  address: text,
  router: text,
  dns: text,
  prefix: number,
});

/** An IPv4 address that an interface of the host has, by DHCP, by the settings, or for want of both. */
export type Lease = ReturnType<typeof leaseForm>;

/** In memory: what holds now, and what a vmkd that is started again finds of the one before. */
const folder = '/run/twinbank/leases';

/** The addresses held now, one an interface. */
export function currentLeases(from = folder): Lease[] {
  return leaseFiles(from).flatMap((path) => {
    try {
      return [parseJson(readFileSync(path, 'utf8'), leaseForm, path)];
    } catch {
      // It was given back meanwhile; or it is none.
      return [];
    }
  });
}

/** Waits for the first address; undefined when there is none in time (whoever asks for one goes on). */
export function firstLease(timeoutMs: number): Promise<Lease | undefined> {
  mkdirSync(folder, { recursive: true });
  return new Promise((resolve) => {
    const watcher = watch(folder);
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

/** Notes which interfaces have which addresses; others are forgotten. */
export function writeLeases(
  held: ReadonlyMap<string, HeldAddress>,
  shown: (held: HeldAddress) => Pick<Lease, 'router' | 'dns'>,
  into = folder,
): void {
  mkdirSync(into, { recursive: true });
  for (const path of leaseFiles(into)) {
    if (![...held.keys()].some((name) => path === join(into, `${name}.json`))) rmSync(path);
  }
  for (const [name, one] of held) {
    const { from, address, prefix, search, timeServers } = one;
    const lease = { interface: name, address, prefix, ...shown(one), from, search, timeServers };
    const path = join(into, `${name}.json`);
    const text = `${JSON.stringify(lease)}\n`;
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    // A rename shows a reader the whole file or none.
    writeFileSync(join(into, `.${name}`), text);
    renameSync(join(into, `.${name}`), path);
  }
}

const adoptedForm = object({
  address: text,
  prefix: number,
  router: text,
  dns: text,
  from: oneOf('dhcp', 'static', 'link-local'),
  search: list(text),
  timeServers: list(text),
});

/** Time servers that DHCP has named, those of the first interface first. */
export function learntTimeServers(from = folder): string[] {
  const found = leaseFiles(from)
    .sort()
    .flatMap((path) => adoptedLease(basename(path, '.json'), from)?.timeServers ?? []);
  return [...new Set(found)];
}

/** The address of DHCP that an interface had under the vmkd before this one. */
export function adoptedLease(name: string, from = folder): HeldAddress | undefined {
  const path = join(from, `${name}.json`);
  if (!existsSync(path)) return undefined;
  try {
    const { dns, ...lease } = parseJson(readFileSync(path, 'utf8'), adoptedForm, path);
    return lease.from === 'dhcp' ? { ...lease, dns: dns.split(' ').filter(Boolean) } : undefined;
  } catch {
    // Of an older version, or half a file: it is asked for anew.
    return undefined;
  }
}

function leaseFiles(from: string): string[] {
  if (!existsSync(from)) return [];
  const names = readdirSync(from).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
  return names.map((name) => join(from, name));
}
