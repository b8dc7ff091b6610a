import type { DiskFacts } from './disk-facts.ts';
import { sizeText } from './disk-title.ts';
import type { FormatPort } from './format-disk.ts';
import { claimRest, missingForRest, unclaimRest } from './format-rest.ts';
import { type DiskJudgement, unfitReason } from './judge-disk.ts';
import { judgeRest, type RestJudgement } from './judge-rest.ts';

/**
 * What this boot does with the rest of the disk that it was started from. `begin`: the first that is confirmed makes a datastore of it.
 * `go-on`: a later one finishes what was begun. `wait`: a trial leaves it to a later one. `leave`: the recipe wants none.
 */
export type RestUse = 'begin' | 'go-on' | 'wait' | 'leave';

export interface RestPort extends FormatPort {
  readonly restUse: RestUse;
}

/** Of the recipe's `firstBoot.bootDiskRest`; `isNew` as of the boot journal. */
export function restUseOf(
  wanted: 'format' | 'leave',
  { isTrial, isNew }: { readonly isTrial: boolean; readonly isNew: boolean | undefined },
): RestUse {
  if (wanted === 'leave') return 'leave';
  if (isTrial) return 'wait';
  return isNew === true ? 'begin' : 'go-on';
}

/**
 * The boot disk as `storage.list` tells of it: with its datastore, or with the reason why its rest has none where the recipe wants one. Throws
 * as `judgeRest`.
 */
export async function judgeBootDisk(port: RestPort, facts: DiskFacts): Promise<DiskJudgement> {
  if (facts.sectorBytes !== 512 || facts.bytes === 0) return { state: 'boot' };
  const rest = await judgeRest(port.io, facts);
  const datastore = rest.state === 'datastore' ? { datastore: rest.datastore } : {};
  const why = port.restUse === 'leave' ? undefined : reasonOf(port, facts, rest);
  return { state: 'boot', ...datastore, ...(why !== undefined && { why }) };
}

/** A reason that stays; what this boot is still to do has none. */
function reasonOf(port: RestPort, facts: DiskFacts, rest: RestJudgement): string | undefined {
  if (rest.state === 'none' || rest.state === 'datastore') return undefined;
  if (rest.state === 'left-alone') return `its rest is left alone: ${rest.why}`;
  const why = unfitReason(facts) ?? missingForRest(port);
  if (why !== undefined) return `its rest is left alone: ${why}`;
  if (rest.state === 'unfinished') {
    const text =
      'a datastore was begun in its rest, and the next boot that is no trial finishes it';
    return port.restUse === 'wait' ? text : undefined;
  }
  if (port.restUse === 'begin') return undefined;
  const { firstLba, endLba } = rest.place;
  const size = sizeText((endLba - firstLba) * 512);
  return `its rest (${size}) is left alone: only the first boot makes a datastore of it`;
}

/**
 * Notes in the first boot, before it counts as one, that the rest becomes a datastore: after a power cut a later boot makes it. Throws as
 * `judgeRest` and `DiskIo.write`.
 */
export async function claimRestOf(port: RestPort, facts: DiskFacts): Promise<void> {
  if (port.restUse === 'begin' && canHaveRest(port, facts)) await claimRest(port, facts);
}

/** Whether the rest is to be formatted now. Takes away the mark of one that is done. Throws as {@link claimRestOf}. */
export async function isRestBegun(port: RestPort, facts: DiskFacts): Promise<boolean> {
  const rest = await judgeRest(port.io, facts);
  if (rest.state === 'datastore' && rest.hasMark) await unclaimRest(port, facts, rest.place);
  const isWanted = port.restUse === 'begin' || port.restUse === 'go-on';
  return isWanted && rest.state === 'unfinished' && canHaveRest(port, facts);
}

function canHaveRest(port: RestPort, facts: DiskFacts): boolean {
  return unfitReason(facts) === undefined && missingForRest(port) === undefined;
}
