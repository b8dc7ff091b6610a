import { type GptTable, lastUsableLba } from '../../../disk/gpt.ts';
import type { GptPartition } from '../../../disk/gpt-entry.ts';

/** Partition type of a datastore: our own, so that nobody's partition of the same name is taken for one. */
const datastoreType = 'D07E5A9C-3B1F-4C62-9A4E-7C1B8E2F6D50';
const basicData = 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7';

const mib = 2 ** 20;
const gib = 2 ** 30;
/** A smaller disk is not worth a datastore. */
export const smallestBytes = 256 * mib;
/** From so many bytes on a disk has room for a scratch partition. */
const withScratchBytes = 8 * gib;
const largestScratchBytes = 4 * gib;
const sectorsOfMib = mib / 512;

/**
 * The partitions of a blank disk: `datastore`, and on one of 8 GiB or more `scratch` before it, a tenth of the disk and 4 GiB at most. All
 * begin at whole MiB. `newGuid` gives a random GUID each time.
 */
export function planDisk(
  bytes: number,
  { newGuid, hasScratch = true }: { newGuid(): string; readonly hasScratch?: boolean },
): GptTable {
  const firstLba = sectorsOfMib;
  // The end of the last whole MiB that a partition may use.
  const endLba =
    Math.floor((lastUsableLba(Math.floor(bytes / 512)) + 1) / sectorsOfMib) * sectorsOfMib;
  const scratchSectors =
    hasScratch && bytes >= withScratchBytes ? scratchMib(bytes) * sectorsOfMib : 0;
  const scratch = row(1, 'scratch', basicData, firstLba, firstLba + scratchSectors);
  const datastore = row(
    scratchSectors > 0 ? 2 : 1,
    'datastore',
    datastoreType,
    firstLba + scratchSectors,
    endLba,
  );
  const rows = scratchSectors > 0 ? [scratch, datastore] : [datastore];
  return {
    diskGuid: newGuid().toUpperCase(),
    partitions: rows.map((one) => ({ ...one, guid: newGuid().toUpperCase() })),
  };
}

/** The datastore among a disk's partitions; undefined where it is somebody else's disk. */
export function datastorePartition(partitions: readonly GptPartition[]): GptPartition | undefined {
  return partitions.find(({ type }) => type === datastoreType);
}

/** The scratch partition of a disk that has a datastore. */
export function scratchPartition(partitions: readonly GptPartition[]): GptPartition | undefined {
  if (!datastorePartition(partitions)) return undefined;
  return partitions.find(({ type, name }) => type === basicData && name === 'scratch');
}

function scratchMib(bytes: number): number {
  return Math.floor(Math.min(largestScratchBytes, bytes / 10) / mib);
}

function row(number: number, name: string, type: string, firstLba: number, endLba: number) {
  return { number, name, type, firstLba, lastLba: endLba - 1, attributes: 0n };
}
