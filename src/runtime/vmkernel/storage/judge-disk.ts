import { datastorePartition, scratchPartition } from '../../../disk/datastore-partition.ts';
import { type DiskEnds, describeContents, isBlank, tableOf } from './disk-ends.ts';
import type { DiskFacts } from './disk-facts.ts';
import { smallestBytes } from './disk-layout.ts';
import { hasUnfinishedMark } from './unfinished-mark.ts';

/**
 * What is done with a disk. `boot`: the system was started from it. `datastore`: it has one of ours. `blank`: nothing is on it.
 * `unfinished`: blank until a datastore was begun on it. `unread`: it could not be read this time. `left-alone`: all others, each with its
 * reason.
 */
export interface DiskJudgement {
  readonly state: 'boot' | 'datastore' | 'blank' | 'unfinished' | 'unread' | 'left-alone';
  /** One clause for people; undefined where nothing has to be said. Of a boot disk it is about its rest. */
  readonly why?: string;
  /** Of a disk with a datastore, a boot disk among them: the numbers of its partitions. */
  readonly datastore?: { readonly number: number; readonly scratch: number | undefined };
}

export interface DiskSurroundings {
  /** `/dev/vda`; undefined where no disk has the bank that runs. */
  readonly bootDisk: string | undefined;
  /** What uses the device of a disk or a partition, such as a mount elsewhere; undefined where nothing does. */
  useOf(device: string): string | undefined;
}

/** What can be said of a disk without reading it; undefined where it has to be read. */
export function judgeFacts(
  disk: DiskFacts,
  { bootDisk, useOf }: DiskSurroundings,
): DiskJudgement | undefined {
  if (`/dev/${disk.device}` === bootDisk) return { state: 'boot' };
  const devices = [disk.device, ...disk.partitions.map(({ device }) => device)];
  const use = devices.map(useOf).find((found) => found !== undefined);
  const unfit = unfitReason(disk);
  const reasons: readonly (readonly [boolean, string])[] = [
    [disk.bytes === 0, 'it has no medium'],
    [disk.isRemovable, 'it is removable'],
    [unfit !== undefined, `${unfit}`],
    [use !== undefined, `it is in use (${use})`],
    [disk.bytes < smallestBytes, `it is smaller than ${smallestBytes / 2 ** 20} MiB`],
  ];
  const [, why] = reasons.find(([applies]) => applies) ?? [];
  return why === undefined ? undefined : { state: 'left-alone', why };
}

/** Why a disk cannot have a datastore, whatever it is used for; undefined where it can. */
export function unfitReason(disk: DiskFacts): string | undefined {
  if (disk.isReadOnly) return 'it is read-only';
  if (disk.network !== undefined) return `it is shared (${disk.network})`;
  if (disk.sectorBytes !== 512) return `its sectors have ${disk.sectorBytes} bytes, not 512`;
  return disk.holders.length > 0 ? `it is part of ${disk.holders.join(', ')}` : undefined;
}

/** What a disk is by what is on it. */
export function judgeContents(ends: DiskEnds): DiskJudgement {
  if (isBlank(ends)) return { state: 'blank' };
  if (hasUnfinishedMark(ends.first)) return { state: 'unfinished' };
  const partitions = tableOf(ends)?.partitions ?? [];
  const found = datastorePartition(partitions);
  if (found) {
    const scratch = scratchPartition(partitions)?.number;
    return { state: 'datastore', datastore: { number: found.number, scratch } };
  }
  return { state: 'left-alone', why: describeContents(ends) };
}
