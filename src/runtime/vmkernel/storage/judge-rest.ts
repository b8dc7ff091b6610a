import { imagePartition } from '../../../bootloader/image-partitions.ts';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { datastorePartition, scratchPartition } from '../../../disk/datastore-partition.ts';
import { type GptReading, lastUsableLba } from '../../../disk/gpt.ts';
import { readProtectiveMbr } from '../../../disk/mbr.ts';
import { type DiskEnds, endsDevice, isZero, tableOf } from './disk-ends.ts';
import type { DiskFacts } from './disk-facts.ts';
import { type DiskIo, readEnds } from './disk-io.ts';
import { type Room, sectorsOfMib, smallestBytes, usableEndLba } from './disk-layout.ts';
import { sizeText } from './disk-title.ts';
import type { DiskJudgement } from './judge-disk.ts';
import { restMark } from './unfinished-mark.ts';

/** Where the rest of a boot disk is. */
export interface RestPlace extends Room {
  /** The first LBA of the MiB behind the last partition, which is the image's: at its end is the second table of an image, or was. */
  readonly markLba: number;
  /** What stands there while the datastore is made. */
  readonly mark: Uint8Array;
}

/**
 * The disk behind the image that it was started from. `none`: there is none. `datastore`: it has one of ours; `hasMark`: that it is made is still to
 * be noted. `free`: nothing is there. `unfinished`: nothing was there until a datastore was begun. `left-alone`: all others, each with its
 * reason.
 */
export type RestJudgement =
  | { readonly state: 'none' }
  | { readonly state: 'left-alone'; readonly why: string }
  | { readonly state: 'free' | 'unfinished'; readonly place: RestPlace }
  | {
      readonly state: 'datastore';
      readonly datastore: NonNullable<DiskJudgement['datastore']>;
      readonly place: RestPlace;
      readonly hasMark: boolean;
    };

/** Throws an Error, one sentence, where the disk cannot be read. */
export async function judgeRest(
  io: DiskIo,
  { device, bytes }: Pick<DiskFacts, 'device' | 'bytes'>,
): Promise<RestJudgement> {
  const path = `/dev/${device}`;
  const ends = await readEnds(io, path, bytes);
  const table = tableOf(ends);
  if (table?.source !== 'primary') return leftAlone('the partition table has a fault');
  const place = placeOf(table, bytes);
  if (place.firstLba >= place.endLba) return { state: 'none' };
  const behind = await io.read(path, place.markLba * 512, 2 * sectorsOfMib * 512);
  const hasMark = place.mark.every((byte, index) => byte === behind[index]);
  const found = datastorePartition(table.partitions);
  if (found) {
    const scratch = scratchPartition(table.partitions)?.number;
    return { state: 'datastore', datastore: { number: found.number, scratch }, place, hasMark };
  }
  const why = tableReason(table, ends, place) ?? sizeReason(place);
  if (why !== undefined) return leftAlone(why);
  // Both copies of the table may be half written, and the file systems are: it was blank.
  if (hasMark) return { state: 'unfinished', place };
  const lastMib = await io.read(
    path,
    (place.endLba - sectorsOfMib) * 512,
    bytes - (place.endLba - sectorsOfMib) * 512,
  );
  const reason =
    copyReason(table, bytes, place) ?? blankReason(behind, lastMib, isMoved(table, bytes));
  return reason === undefined ? { state: 'free', place } : leftAlone(reason);
}

const tableBytes = 33 * 512;

function placeOf({ partitions, diskGuid }: GptReading, bytes: number): RestPlace {
  const ofImage = partitions.filter((one) => imagePartition(one));
  const behind = Math.max(0, ...ofImage.map(({ lastLba }) => lastLba + 1));
  const markLba = Math.ceil(behind / sectorsOfMib) * sectorsOfMib;
  const room = { firstLba: markLba + sectorsOfMib, endLba: usableEndLba(bytes) };
  return { ...room, markLba, mark: restMark(diskGuid, room) };
}

function tableReason({ partitions }: GptReading, ends: DiskEnds, { markLba }: RestPlace) {
  const foreign = partitions.find((one) => !imagePartition(one) || one.lastLba >= markLba);
  if (foreign) {
    const { number, name } = foreign;
    return `partition ${number} (${JSON.stringify(name)}) is not of the image`;
  }
  try {
    const { findings } = readProtectiveMbr(endsDevice(ends));
    // That of an image that was copied ends where the image does.
    const [other] = findings.filter(({ code }) => code !== 'mbr.size');
    return other?.message;
  } catch (error) {
    if (error instanceof TwinbankError) return error.message;
    throw error;
  }
}

function sizeReason({ firstLba, endLba }: Room): string | undefined {
  const bytes = (endLba - firstLba) * 512;
  if (bytes >= smallestBytes) return undefined;
  return `${sizeText(bytes)} are less than ${smallestBytes / 2 ** 20} MiB`;
}

/** The second copy of the table is at the end of the disk, where `flash` puts it. */
function isMoved({ alternateLba }: GptReading, bytes: number): boolean {
  return alternateLba === Math.floor(bytes / 512) - 1;
}

/** It is right and at the end of the disk, or of the image. */
function copyReason(table: GptReading, bytes: number, { firstLba }: Room): string | undefined {
  const isRight = isMoved(table, bytes)
    ? table.findings.length === 0 && table.lastUsableLba <= lastUsableLba(Math.floor(bytes / 512))
    : table.alternateLba === firstLba - 1;
  return isRight ? undefined : 'the second partition table has a fault';
}

/** `behind`: the MiB of the image and the first of the rest. `last`: from its last MiB to the end of the disk. */
function blankReason(behind: Uint8Array, last: Uint8Array, isMoved: boolean): string | undefined {
  const half = behind.length / 2;
  const rows = [
    [behind.subarray(0, half - tableBytes), 'the MiB before it'],
    [behind.subarray(half), 'its first MiB'],
    [isMoved ? last.subarray(0, last.length - tableBytes) : last, 'its last MiB'],
  ] as const;
  const found = rows.find(([bytes]) => !isZero(bytes));
  return found && `${found[1]} is not empty`;
}

function leftAlone(why: string): RestJudgement {
  return { state: 'left-alone', why };
}
