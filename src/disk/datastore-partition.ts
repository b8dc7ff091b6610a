import { basicDataType, type GptPartition } from './gpt-entry.ts';

/** Partition type of a datastore: our own, so that nobody's partition of the same name is taken for one. */
export const datastoreType = 'D07E5A9C-3B1F-4C62-9A4E-7C1B8E2F6D50';
/** Of the scratch partition beside it, which is known by its name. */
export const scratchType = basicDataType;

/** The datastore among a disk's partitions; undefined where it is somebody else's disk. */
export function datastorePartition(partitions: readonly GptPartition[]): GptPartition | undefined {
  return partitions.find(({ type }) => type === datastoreType);
}

/** The scratch partition of a disk that has a datastore. */
export function scratchPartition(partitions: readonly GptPartition[]): GptPartition | undefined {
  if (!datastorePartition(partitions)) return undefined;
  return partitions.find(({ type, name }) => type === scratchType && name === 'scratch');
}
