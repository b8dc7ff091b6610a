import { addPartitionWrites, tableHeadBytes } from '../../../disk/add-partitions.ts';
import type { DiskFacts } from './disk-facts.ts';
import { planRest } from './disk-layout.ts';
import { type FormatPort, makeFileSystems, missingProgram } from './format-disk.ts';
import { judgeRest, type RestPlace } from './judge-rest.ts';

export type RestDisk = Pick<DiskFacts, 'device' | 'bytes' | 'partitions'>;

/** Why no datastore can be made on a disk in use; undefined where one can. */
export function missingForRest(port: Pick<FormatPort, 'hasProgram'>): string | undefined {
  const missing = missingProgram(port);
  if (missing !== undefined || port.hasProgram('addpart')) return missing;
  return 'this bank has no addpart to tell the kernel of a new partition with';
}

/** Notes that the rest of the boot disk was blank and is ours from now on, if it is. */
export async function claimRest({ io }: Pick<FormatPort, 'io'>, disk: RestDisk): Promise<void> {
  const found = await judgeRest(io, disk);
  if (found.state !== 'free') return;
  await io.write(`/dev/${disk.device}`, found.place.markLba * 512, found.place.mark);
}

/** The datastore is there: takes away the mark, and before it what the image came with as the second header, so that no tool finds that. */
export async function unclaimRest(
  { io }: Pick<FormatPort, 'io'>,
  { device }: Pick<DiskFacts, 'device'>,
  { markLba, firstLba }: RestPlace,
): Promise<void> {
  await io.write(`/dev/${device}`, (firstLba - 1) * 512, new Uint8Array(512));
  await io.write(`/dev/${device}`, markLba * 512, new Uint8Array(512));
}

/**
 * Makes a datastore, called `label`, in the rest of the boot disk, which has its mark (`claimRest`): (1) the kernel is told of the partitions,
 * as it reads no table of a disk in use, (2) the file systems, (3) the table, whose new entries are the last write of it, (4) the
 * mark is taken away. The disk boots whatever the power leaves of it. Throws an Error, one sentence; the rest then has its mark.
 */
export async function formatRest(port: FormatPort, disk: RestDisk, label: string): Promise<void> {
  const { io, run, newGuid, hasProgram } = port;
  const { device, bytes } = disk;
  const path = `/dev/${device}`;
  const found = await judgeRest(io, disk);
  if (found.state !== 'unfinished') {
    throw new Error(`${path}: expected a rest that was begun, found one that is ${found.state}`);
  }
  const { place } = found;
  const partitions = planRest(place, { newGuid, hasScratch: hasProgram('mkfs.fat') });
  // What can be refused is, before anything else is done.
  const head = await io.read(path, 0, tableHeadBytes);
  const writes = addPartitionWrites(head, Math.floor(bytes / 512), partitions);
  // 1. A vmkd that was killed meanwhile may have done so.
  const known = new Set(disk.partitions.map(({ number }) => number));
  for (const { number, firstLba, lastLba } of partitions) {
    if (known.has(number)) continue;
    const args = [path, `${number}`, `${firstLba}`, `${lastLba - firstLba + 1}`];
    const end = await run('addpart', args, { timeoutMs: touchTimeoutMs });
    if (end.code === 0) continue;
    throw new Error(`addpart ${path}: exit code ${end.code}: ${end.error || end.output}`);
  }
  // 2.
  await makeFileSystems(port, device, partitions, label);
  // 3.
  for (const { offset, data } of writes) await io.write(path, offset, data);
  // 4.
  await unclaimRest(port, disk, place);
}

const touchTimeoutMs = 10_000;
