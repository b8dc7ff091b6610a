import { datastoreType, scratchType } from '../../../disk/datastore-partition.ts';
import { type GptTable, lastUsableLba } from '../../../disk/gpt.ts';
import type { GptPartition } from '../../../disk/gpt-entry.ts';

const mib = 2 ** 20;
const gib = 2 ** 30;
/** A smaller disk is not worth a datastore. */
export const smallestBytes = 256 * mib;
/** From so many bytes on a disk has room for a scratch partition. */
const withScratchBytes = 8 * gib;
const largestScratchBytes = 4 * gib;
export const sectorsOfMib = mib / 512;

interface PlanPort {
  /** A random GUID each time. */
  newGuid(): string;
  /** Whether the bank can make its file system; default yes. */
  readonly hasScratch?: boolean;
}

/**
 * The partitions of a blank disk: `datastore`, and on one of 8 GiB or more `scratch` before it, a tenth of the disk and 4 GiB at most. All
 * begin at whole MiB.
 */
export function planDisk(bytes: number, port: PlanPort): GptTable {
  const firstLba = sectorsOfMib;
  const room = { firstLba, endLba: usableEndLba(bytes), bytes };
  const rows = planRoom(room, [1, 2], port);
  return {
    diskGuid: port.newGuid().toUpperCase(),
    partitions: rows.length > 1 ? rows : rows.map((one) => ({ ...one, number: 1 })),
  };
}

/** Where a datastore is to be; `endLba` is the first LBA behind it. */
export interface Room {
  readonly firstLba: number;
  readonly endLba: number;
}

/**
 * The same in the room behind an image. The numbers are always these, which no image has and the original family gives them; they lie in one
 * sector of the table.
 */
export function planRest({ firstLba, endLba }: Room, port: PlanPort): GptPartition[] {
  return planRoom({ firstLba, endLba, bytes: (endLba - firstLba) * 512 }, [2, 3], port);
}

/** The end of the last whole MiB that a partition may use. */
export function usableEndLba(bytes: number): number {
  return Math.floor((lastUsableLba(Math.floor(bytes / 512)) + 1) / sectorsOfMib) * sectorsOfMib;
}

/** `bytes` is what the scratch partition is measured by. */
function planRoom(
  { firstLba, endLba, bytes }: Room & { readonly bytes: number },
  [scratchNumber, datastoreNumber]: readonly [number, number],
  { newGuid, hasScratch = true }: PlanPort,
): GptPartition[] {
  const scratchSectors =
    hasScratch && bytes >= withScratchBytes ? scratchMib(bytes) * sectorsOfMib : 0;
  const middleLba = firstLba + scratchSectors;
  const scratch = row(scratchNumber, 'scratch', scratchType, firstLba, middleLba);
  const datastore = row(datastoreNumber, 'datastore', datastoreType, middleLba, endLba);
  const rows = scratchSectors > 0 ? [scratch, datastore] : [datastore];
  return rows.map((one) => ({ ...one, guid: newGuid().toUpperCase() }));
}

function scratchMib(bytes: number): number {
  return Math.floor(Math.min(largestScratchBytes, bytes / 10) / mib);
}

function row(number: number, name: string, type: string, firstLba: number, endLba: number) {
  return { number, name, type, firstLba, lastLba: endLba - 1, attributes: 0n };
}
