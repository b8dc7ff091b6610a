import { mutex } from '../../../hostcore/mutex.ts';
import type { SwapPlace } from '../../../state/resources-setting.ts';
import {
  leaveSwap,
  removeSwapFile,
  type Swap,
  type SwapFiles,
  swapFileOf,
  useSwapFile,
  worldSwaps,
} from './swap-file.ts';

/** Of what `storage.list` answers. */
export interface Volumes {
  /** Where the scratch partition is mounted; null where no disk has one. */
  readonly scratch: string | null;
  readonly datastores: readonly {
    readonly name: string;
    /** The kernel swaps to no file of a server that it has by this way. */
    readonly type: 'ext4' | 'nfs';
    readonly path: string;
    readonly accessible: boolean;
    /** Why it is not accessible. */
    readonly why: string | null;
  }[];
}

export interface WorldSwapPort extends SwapFiles {
  /** What an administrator has set. */
  place(): SwapPlace | undefined;
  list(): Promise<Volumes>;
  /** Undefined where it does not answer. */
  room(folder: string): Promise<{ readonly capacity: number; readonly free: number } | undefined>;
  line(text: string): void;
}

/** The one swap file of all worlds. What there is, the kernel knows: a vmkd that is started again finds it as it is. */
export interface WorldSwap {
  /** Makes it be where it should be by now. Never throws. */
  refresh(): Promise<void>;
  report(): Swap | null;
  problems(): string[];
}

export function worldSwap(port: WorldSwapPort): WorldSwap {
  const { run, readSwaps, place, list, room, line } = port;
  const alone = mutex();
  let problem: string | undefined;
  /** Undefined where none is wanted, or can be had without anybody having asked. Throws an Error, one sentence. */
  const wantedFolder = async (): Promise<string | undefined> => {
    const wanted = place();
    if (wanted === 'none') return undefined;
    const { datastores, scratch } = await list();
    if (typeof wanted === 'object') {
      const { datastore } = wanted;
      const found = datastores.find(({ name }) => name === datastore);
      if (found?.type === 'nfs') {
        throw new Error(`expected a datastore on a local disk, found ${datastore} on a server`);
      }
      if (found?.accessible) return found.path;
      throw new Error(`expected the datastore ${datastore}, found ${found ? found.why : 'none'}`);
    }
    if (scratch !== null) return scratch;
    if (wanted === undefined) return undefined;
    throw new Error('expected a disk with a scratch partition, found none');
  };
  const settle = async (): Promise<void> => {
    const folder = await wantedFolder();
    const path = folder === undefined ? undefined : swapFileOf(folder);
    const active = worldSwaps(readSwaps());
    for (const old of active.filter((one) => one.path !== path)) {
      await leaveSwap(port, old.path.slice(0, old.path.lastIndexOf('/')));
      await removeSwapFile(run, old.path);
    }
    if (folder === undefined || active.some((one) => one.path === path)) return;
    const found = await room(folder);
    if (found === undefined) throw new Error(`${folder}: it does not answer`);
    await useSwapFile(port, folder, found);
    line(`worlds: they swap to ${path}`);
  };
  return {
    refresh: () =>
      alone(async () => {
        const before = problem;
        problem = await settle().then(
          () => undefined,
          ({ message }: Error) => `swap of worlds: ${message}`,
        );
        if (problem !== undefined && problem !== before) line(problem);
      }),
    report: () => worldSwaps(readSwaps())[0] ?? null,
    problems: () => (problem === undefined ? [] : [problem]),
  };
}
