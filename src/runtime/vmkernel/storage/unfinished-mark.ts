import { encodeProtectiveMbr } from '../../../disk/mbr.ts';

/**
 * In LBA 0, where GPT leaves room for boot code (UEFI 2.10 table 5-1), while a datastore is made on a blank disk. It is written before
 * anything else, and one sector is written whole or not at all: a disk with it was blank and ours, so that a formatting which the power
 * ended is begun again and nothing is lost.
 */
const mark = Buffer.from(
  'A datastore of twinbank is being made on this disk, which was blank\n',
  'latin1',
);

/** LBA 0 while the datastore is made. */
export function unfinishedSector(sectors: number): Uint8Array {
  return encodeProtectiveMbr({ sectors, bootCode: mark });
}

/** LBA 0 once it is made. */
export function finishedSector(sectors: number): Uint8Array {
  return encodeProtectiveMbr({ sectors });
}

/** Of the beginning of a disk. */
export function hasUnfinishedMark(first: Uint8Array): boolean {
  return mark.equals(first.subarray(0, mark.length));
}
