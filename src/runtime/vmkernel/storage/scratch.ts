import type { RunHelper } from '../../system/run-helper.ts';
import type { Volumes } from './mounts.ts';

/** Where the scratch partition of one disk is: room for the system itself, such as the swap file of worlds. */
export const scratchFolder = '/scratch';

const checkTimeoutMs = 60_000;
const options = 'noatime,nosuid,nodev,noexec,umask=077';

export function isScratchMounted(volumes: Volumes): boolean {
  return volumes.mounts().some(({ path }) => path === scratchFolder);
}

/** Leaves a scratch partition whose disk, such as `vdb`, has gone. */
export async function leaveScratch(volumes: Volumes, disk: string): Promise<void> {
  const mount = volumes.mounts().find(({ path }) => path === scratchFolder);
  if (mount?.device.startsWith(`/dev/${disk}`)) await volumes.detach(scratchFolder);
}

/**
 * Mounts a scratch partition, if none is mounted. It is checked first (fsck.fat(8): 1 is repaired), as FAT does not say whether it was unmounted in
 * order. Nothing in it is needed: throws an Error, one sentence, for one that is damaged.
 */
export async function mountScratch(
  { run, volumes }: { readonly run: RunHelper; readonly volumes: Volumes },
  partition: string,
): Promise<void> {
  if (isScratchMounted(volumes)) return;
  const end = await run('fsck.fat', ['-a', partition], { timeoutMs: checkTimeoutMs });
  if (end.code > 1 && end.code !== 127) {
    throw new Error(`${partition}: fsck.fat cannot repair it: ${end.error || end.output}`);
  }
  await volumes.mount('vfat', options, partition, scratchFolder);
}
