import type { DeviceNamer } from '../../../hostcore/device-namer.ts';
import type { RunHelper } from '../../system/run-helper.ts';
import type { DiskIo } from './disk-io.ts';
import { mountDatastore, readDatastore } from './local-datastore.ts';
import type { Volumes } from './mounts.ts';
import type { DatastoreReport } from './storage-report.ts';

export interface DatastoresPort {
  readonly io: DiskIo;
  readonly run: RunHelper;
  readonly volumes: Volumes;
  readonly namer: DeviceNamer;
}

/** A datastore that is mounted, was, or is to be. */
export interface DatastorePlace {
  readonly name: string;
  readonly uuid: string;
  readonly type: DatastoreReport['type'];
  readonly path: string;
  /** It is meant to be. */
  readonly readOnly: boolean;
}

interface Datastore extends DatastorePlace {
  /** Why it cannot be used; undefined where it can. */
  problem: string | undefined;
  /** Why it is not there yet, and nothing is wrong with that. */
  readonly pending: string | undefined;
  /** It is mounted: otherwise it is not asked. */
  isThere: boolean;
  /** A helper that has not answered yet: no second one is started. */
  asking: Promise<Room | undefined> | undefined;
}

/** A datastore that has been mounted; `repaired` as of `MountedDatastore`. */
export interface Attached {
  readonly uuid: string;
  readonly name: string;
  readonly repaired: string | undefined;
}

type Room = { readonly capacity: number; readonly free: number };

/** The datastores of the host, and their names. */
export interface Datastores {
  /** Mounts the one on a partition. Throws an Error, one sentence. */
  attach(partition: string): Promise<Attached>;
  /** One that is mounted, unless a state says why it is not. */
  put(
    place: DatastorePlace,
    state?: { readonly problem?: string; readonly pending?: string },
  ): void;
  /** It is mounted, whether it answers or not. */
  isThere(uuid: string): boolean;
  /** Undefined where there is none. */
  ask(uuid: string): Promise<DatastoreReport | undefined>;
  drop(uuid: string): void;
  /** Its disk has gone: nobody waits for it any more. */
  lose(uuid: string, why: string): Promise<void>;
  /** A name that no datastore has or had, such as `datastore2`. */
  freeName(): string;
  /** Asks each how much room it has. */
  list(): Promise<DatastoreReport[]>;
  problems(): string[];
}

const noAnswer = 'it does not answer';

export function openDatastores({ io, run, volumes, namer }: DatastoresPort): Datastores {
  const known = new Map<string, Datastore>();
  const isReadOnly = ({ path }: Datastore): boolean =>
    volumes.mounts().some((mount) => mount.path === path && mount.isReadOnly);
  const problemOf = (one: Datastore): string | undefined =>
    one.problem ??
    (isReadOnly(one) && !one.readOnly ? 'it became read-only after an error' : undefined);
  const ask = async (one: Datastore): Promise<DatastoreReport> => {
    const { name, uuid, type, path } = one;
    if (one.isThere) {
      one.asking ??= volumes.room(path).finally(() => {
        one.asking = undefined;
      });
    }
    const room = one.isThere ? await one.asking : undefined;
    if (one.isThere) one.problem = room ? undefined : noAnswer;
    const why = problemOf(one) ?? one.pending ?? null;
    const { capacity = null, free = null } = room ?? {};
    // It may have gone while it was asked.
    const accessible = room !== undefined && one.isThere;
    return { name, uuid, type, capacity, free, accessible, why, path };
  };
  const put: Datastores['put'] = (place, { problem, pending } = {}) => {
    const isThere = problem === undefined && pending === undefined;
    known.set(place.uuid, { ...place, problem, pending, isThere, asking: undefined });
  };
  return {
    async attach(partition) {
      const superblock = await readDatastore(io, partition);
      const { uuid } = superblock;
      const { path, repaired } = await mountDatastore({ run, volumes }, partition, superblock);
      const name = namer.nameDatastore({ uuid, label: superblock.label }, [...known.keys()]);
      volumes.link(name, uuid);
      put({ name, uuid, type: 'ext4', path, readOnly: false });
      return { uuid, name, repaired };
    },
    put,
    isThere: (uuid) => known.get(uuid)?.isThere === true,
    ask: async (uuid) => {
      const one = known.get(uuid);
      return one && ask(one);
    },
    drop: (uuid) => void known.delete(uuid),
    async lose(uuid, why) {
      const one = known.get(uuid);
      if (!one) return;
      one.isThere = false;
      one.problem = why;
      volumes.unlink(one.name);
      await volumes.detach(one.path);
    },
    freeName() {
      const taken = new Set(namer.datastores());
      for (let number = 1; ; number++) {
        const name = `datastore${number}`;
        if (!taken.has(name)) return name;
      }
    },
    list: () => Promise.all([...known.values()].map(ask)),
    problems: () =>
      [...known.values()].flatMap((one) => {
        const problem = problemOf(one);
        return problem === undefined ? [] : [`datastore ${one.name}: ${problem}`];
      }),
  };
}
