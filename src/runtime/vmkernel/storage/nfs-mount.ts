import { createHash } from 'node:crypto';
import { promises as dns } from 'node:dns';
import { existsSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { NfsDatastore } from '../../../state/nfs-settings.ts';
import { sourceOf } from '../../../state/nfs-settings.ts';
import type { RunHelper } from '../../system/run-helper.ts';
import { textOf } from '../../system/sys-files.ts';
import type { Volumes } from './mounts.ts';

/** What the client needs of the system around it. */
export interface NfsSystem {
  /** The IPv4 address of a server by its name. Rejects with an Error, one sentence. */
  resolve(name: string): Promise<string>;
  /** Tells the kernel who this host is to servers. */
  identify(): void;
}

/** A server that has been started anew refuses everybody for its time of grace; one that is away is not waited for longer. */
export const mountTimeoutMs = 30_000;

/**
 * Version 4.1 has the server's calls on the connection that is there, so that no port has to be open. `hard`: who writes waits for a
 * server that is away, and is not told that his bytes are lost.
 */
const options = 'vers=4.1,proto=tcp,hard,noatime,nosuid,nodev,noexec';

/** Mounts the folder of a server. Throws an Error, one sentence. */
export async function mountNfs(
  { run, volumes, nfs }: { run: RunHelper; volumes: Volumes; nfs: NfsSystem },
  { server, port, path, readOnly }: NfsDatastore,
  folder: string,
): Promise<void> {
  const modules = await run('modprobe', ['-a', 'nfs', 'nfsv4'], { timeoutMs: mountTimeoutMs });
  if (modules.code !== 0) throw new Error(`this bank has no NFS client: ${modules.error}`);
  nfs.identify();
  const address = isIP(server) ? server : await nfs.resolve(server);
  const all = [options, `port=${port}`, readOnly ? 'ro' : 'rw'].join(',');
  await volumes.mount('nfs4', all, `${address}:${path}`, folder, mountTimeoutMs);
}

/** The same on every host that has the folder, so that they can speak of it. */
export function nfsUuid(one: NfsDatastore): string {
  const hex = createHash('sha256').update(sourceOf(one)).digest('hex');
  const parts = [0, 8, 12, 16, 20, 32];
  return parts
    .slice(1)
    .map((end, index) => hex.slice(parts[index], end))
    .join('-');
}

const nameTimeoutMs = 3000;
const identity = '/sys/module/nfs/parameters/nfs4_unique_id';

export const systemNfs: NfsSystem = {
  async resolve(name) {
    // Not by the C library, which would keep one of four threads for as long as no name server answers.
    const resolver = new dns.Resolver({ timeout: nameTimeoutMs, tries: 2 });
    const [address] = await resolver.resolve4(name);
    if (address === undefined) throw new Error(`${name} has no IPv4 address`);
    return address;
  },
  identify() {
    // A server knows its clients by this and by their host names: hosts that nobody has named would take each other's files away.
    const own = [textOf('/sys/class/dmi/id/product_uuid'), textOf('/sys/class/net/vmk0/address')];
    if (existsSync(identity)) writeFileSync(identity, own.filter(Boolean).join('-').slice(0, 63));
  },
};
