import { RpcError } from '../../../protocol/rpc-error.ts';
import { type NfsDatastore, sourceOf } from '../../../state/nfs-settings.ts';
import type { Datastores, DatastoresPort } from './datastores.ts';
import { mountNfs, type NfsSystem, nfsUuid } from './nfs-mount.ts';
import type { DatastoreReport } from './storage-report.ts';

export interface NfsPort extends Omit<DatastoresPort, 'io'> {
  readonly nfs: NfsSystem;
  line(text: string): void;
  /** Calls back again and again. */
  every(ms: number, act: () => void): void;
}

/** The datastores on NFS servers. */
export interface NfsDatastores {
  /** Mounts these in the background, and looks after them from now on. */
  follow(wanted: readonly NfsDatastore[]): void;
  /** Mounts one more. Throws `storage.nfs-failed`, and then there is nothing of it; `usage` for a name or a folder that is there. */
  add(one: NfsDatastore): Promise<void>;
  /** Unmounts one, and returns what it was. Throws `usage` for one that is not there, `storage.busy` where somebody uses it. */
  remove(name: string): Promise<NfsDatastore>;
  list(): Promise<(NfsDatastore & Pick<DatastoreReport, 'uuid' | 'accessible' | 'why'>)[]>;
}

interface Followed {
  readonly wanted: NfsDatastore;
  readonly name: string;
  readonly uuid: string;
  readonly folder: string;
  /** Being mounted, asked or unmounted: nothing else begins meanwhile. */
  isBusy: boolean;
  /** What was last said of it; undefined where nothing was. */
  said: string | undefined;
}

/** One that is away is mounted, or found to answer again, so soon after it has come back. */
const lookMs = 10_000;
const unmountTimeoutMs = 10_000;
const isThere = 'is there';

/**
 * A datastore on a server:
 *
 *     follow ──> away ── mount, every 10 s ──> mounted ── does not answer in 10 s ──> inaccessible
 *                  ↑                             ↑  └────────── remove ──> gone          │
 *     add: a mount that fails is refused         └────────── answers again ──────────────┘
 */
export function openNfsDatastores(port: NfsPort, datastores: Datastores): NfsDatastores {
  const { run, volumes, namer, line } = port;
  const followed = new Map<string, Followed>();
  let isLooking = false;
  const isMounted = ({ folder }: Followed): boolean =>
    volumes.mounts().some(({ path }) => path === folder);

  function say(one: Followed, what: string): void {
    if (what === one.said) return;
    one.said = what;
    line(`storage: ${one.name} (${sourceOf(one.wanted)}) ${what}`);
  }

  function put(one: Followed, state: { readonly problem?: string; readonly pending?: string }) {
    const { name, uuid, folder: path, wanted } = one;
    datastores.put({ name, uuid, path, type: 'nfs', readOnly: wanted.readOnly }, state);
  }

  async function mount(one: Followed): Promise<void> {
    if (!isMounted(one)) await mountNfs(port, one.wanted, one.folder);
    volumes.link(one.name, one.uuid);
    put(one, {});
  }

  async function look(one: Followed): Promise<void> {
    if (one.isBusy) return;
    one.isBusy = true;
    try {
      if (!datastores.isThere(one.uuid) || !isMounted(one)) await mount(one);
      const answer = await datastores.ask(one.uuid);
      say(one, answer?.why ? `is not accessible: ${answer.why}` : isThere);
    } catch (error) {
      const problem = (error as Error).message;
      put(one, { problem });
      say(one, `is not mounted: ${problem}`);
    } finally {
      one.isBusy = false;
    }
  }

  function watch(): void {
    if (isLooking) return;
    isLooking = true;
    port.every(lookMs, () => {
      for (const one of followed.values()) void look(one);
    });
  }

  const nameOf = (wanted: NfsDatastore): string =>
    namer.nameDatastore({ uuid: nfsUuid(wanted), label: wanted.name }, [...followed.keys()]);

  function begin(wanted: NfsDatastore, name: string): Followed {
    const uuid = nfsUuid(wanted);
    const folder = `${volumes.folder}/${uuid}`;
    const one = { wanted, name, uuid, folder, isBusy: false, said: undefined };
    followed.set(uuid, one);
    return one;
  }

  function forget({ uuid, name }: Followed): void {
    followed.delete(uuid);
    datastores.drop(uuid);
    volumes.unlink(name);
  }

  const named = (name: string): Followed => {
    const one = [...followed.values()].find((other) => other.name === name);
    if (one) return one;
    throw new RpcError(
      'usage',
      `name: expected a datastore on a server, found ${JSON.stringify(name)}`,
    );
  };

  return {
    follow(wanted) {
      for (const next of wanted) {
        const one = begin(next, nameOf(next));
        put(one, { pending: 'it is being mounted' });
        void look(one);
      }
      watch();
    },
    async add(wanted) {
      const names = [...followed.values()].map(({ name }) => name);
      const taken = [...names, ...namer.datastores()].includes(wanted.name);
      if (followed.has(nfsUuid(wanted)) || taken) {
        const found = taken ? wanted.name : sourceOf(wanted);
        const what = taken ? 'name: expected a name' : 'path: expected a folder';
        throw new RpcError(
          'usage',
          `${what} that no datastore has, found ${JSON.stringify(found)}`,
        );
      }
      const one = begin(wanted, wanted.name);
      one.isBusy = true;
      try {
        await mount(one);
        nameOf(wanted);
        say(one, isThere);
      } catch (error) {
        forget(one);
        // The helper was given up, and the server came after all.
        if (isMounted(one)) await volumes.detach(one.folder, 'force');
        throw new RpcError(
          'storage.nfs-failed',
          `${sourceOf(wanted)}: ${(error as Error).message}`,
        );
      } finally {
        one.isBusy = false;
      }
      watch();
    },
    async remove(name) {
      const one = named(name);
      if (isMounted(one)) {
        const end = await run('umount', [one.folder], { timeoutMs: unmountTimeoutMs });
        if (/busy/i.test(end.error)) {
          throw new RpcError('storage.busy', `${name}: somebody uses it: ${end.error}`);
        }
        // A server that is away is not waited for.
        if (isMounted(one)) await volumes.detach(one.folder, 'force');
      }
      forget(one);
      namer.forgetDatastore(one.uuid);
      line(`storage: ${name} (${sourceOf(one.wanted)}) was removed`);
      return one.wanted;
    },
    async list() {
      const all = await Promise.all(
        [...followed.values()].map(async ({ wanted, uuid, name }) => {
          const report = await datastores.ask(uuid);
          const { accessible = false, why = null } = report ?? {};
          return { ...wanted, name, uuid, accessible, why };
        }),
      );
      return all.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  };
}
