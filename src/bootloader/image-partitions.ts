import { datastoreType, scratchType } from '../disk/datastore-partition.ts';
import { basicDataType, type GptPartition } from '../disk/gpt-entry.ts';

export type ImageRole = 'bios-boot' | 'loader' | 'bank' | 'coredump' | 'store';

interface ImagePartition {
  readonly number: number;
  readonly name: string;
  readonly type: string;
  readonly role: ImageRole;
  /** What the type is called. */
  readonly content: string;
  /** Why an image needs it. */
  readonly without: string;
}

const losses: Readonly<Record<ImageRole, string>> = {
  'bios-boot': 'a BIOS cannot start it',
  loader: 'nothing can start it',
  bank: 'there is no other bank to fall back to',
  coredump: 'no core dump can be kept',
  store: 'the packages of the store are missing',
};

/** The partitions that every image has (docs: disk contract), in the order of their numbers. */
export const imagePartitions: readonly ImagePartition[] = [
  row(1, 'bootloader', 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B', 'loader', 'EFI system'),
  row(5, 'bootbank1', basicDataType, 'bank', 'bank'),
  row(6, 'bootbank2', basicDataType, 'bank', 'bank'),
  row(7, 'coredump', '9D275380-40AD-11DB-BF97-000C2911D1B8', 'coredump', 'core dump'),
  row(8, 'store', basicDataType, 'store', 'store'),
  row(14, 'bios-boot', '21686148-6449-6E6F-744E-656564454649', 'bios-boot', 'BIOS boot'),
];

function row(
  number: number,
  name: string,
  type: string,
  role: ImageRole,
  content: string,
): ImagePartition {
  return { number, name, type, role, content, without: losses[role] };
}

/** The row that a partition fills, by its number: that alone is what the loader goes by. */
export function imagePartition({ number }: GptPartition): ImagePartition | undefined {
  return imagePartitions.find((one) => one.number === number);
}

/** What a partition holds, for people: by its type where it is the one that its number has in our images, or a datastore's; else the type itself. */
export function contentOf(partition: GptPartition): string {
  const known = imagePartition(partition);
  if (known?.type === partition.type) return known.content;
  if (partition.type === datastoreType) return 'datastore';
  const isScratch = partition.type === scratchType && partition.name === 'scratch';
  return isScratch ? 'scratch' : partition.type;
}

export function isBankPartition(partition: GptPartition): boolean {
  return imagePartition(partition)?.role === 'bank';
}
