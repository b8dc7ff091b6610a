import { TwinbankError } from '../../../diagnostics/error.ts';
import {
  decodeSuperblock,
  type Ext4Superblock,
  superblockPlace,
} from '../../../disk/ext4-superblock.ts';
import type { RunHelper } from '../../system/run-helper.ts';
import type { DiskIo } from './disk-io.ts';
import type { Volumes } from './mounts.ts';

/** Checking a large one that was not unmounted in order takes its time. */
const checkTimeoutMs = 600_000;
const mountTimeoutMs = 60_000;
const mostCharacters = 300;
const ownerTimeoutMs = 10_000;
/** Group `vmm`, of the agent that runs machines: root and it alone may look in, and what anybody makes in there is its group's. */
const owner = '0:108';
const mode = '2770';
const options = 'noatime,nosuid,nodev,noexec,errors=remount-ro';

/** The file system of a datastore on the partition at `path`. Throws an Error, one sentence. */
export async function readDatastore(io: DiskIo, path: string): Promise<Ext4Superblock> {
  const bytes = await io.read(path, superblockPlace.offset, superblockPlace.length);
  const superblock = decodeSuperblock(bytes);
  if (superblock) return superblock;
  const message = `${path}: expected a file system (ext4), found none`;
  throw new TwinbankError('corrupt', 'datastore.none', message);
}

export interface MountedDatastore {
  readonly path: string;
  /** What e2fsck has said of what it repaired; undefined where it found no fault. */
  readonly repaired: string | undefined;
}

/**
 * Mounts a datastore below the volumes, by its UUID. One that was not unmounted in order is checked first, and what e2fsck repairs without a
 * question is repaired. Throws an Error, one sentence, for one with more damage: it stays unmounted.
 */
export async function mountDatastore(
  { run, volumes }: { readonly run: RunHelper; readonly volumes: Volumes },
  partition: string,
  { uuid, isDirty }: Ext4Superblock,
): Promise<MountedDatastore> {
  const path = `${volumes.folder}/${uuid}`;
  const there = volumes.mounts().find((mount) => mount.path === path);
  if (there?.device === partition) return { path, repaired: undefined };
  if (there) throw new Error(`${partition}: it is a copy of the datastore on ${there.device}`);
  const repaired = isDirty ? await check(run, partition) : undefined;
  await volumes.mount('ext4', options, partition, path, mountTimeoutMs);
  // One of another host, or of a version before, may have another owner; of a disk that became read-only at once it stays so.
  await run('chown', [owner, path], { timeoutMs: ownerTimeoutMs });
  await run('chmod', [mode, path], { timeoutMs: ownerTimeoutMs });
  return { path, repaired };
}

/** e2fsck(8): 0 right, 1 and 2 repaired, 4 and more not; a bank without it leaves it to the kernel, which replays the journal. */
async function check(run: RunHelper, partition: string): Promise<string | undefined> {
  const end = await run('e2fsck', ['-p', partition], { timeoutMs: checkTimeoutMs });
  const said = `${end.output} ${end.error}`.replace(/\s+/g, ' ').trim().slice(0, mostCharacters);
  if (end.code === 0 || end.code === 127) return undefined;
  if (end.code < 4) return said;
  throw new Error(`${partition}: it is damaged, and e2fsck does not repair it by itself: ${said}`);
}
