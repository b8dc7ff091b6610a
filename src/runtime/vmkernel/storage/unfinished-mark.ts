import { encodeProtectiveMbr } from '../../../disk/mbr.ts';
import type { Room } from './disk-layout.ts';

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

/**
 * The sector behind the image of a boot disk while the rest of it becomes a datastore. It is of this disk and this room alone: an image that was
 * flashed anew has another GUID, and finds none.
 */
export function restMark(diskGuid: string, { firstLba, endLba }: Room): Uint8Array {
  const text = `A datastore of twinbank is being made on disk ${diskGuid} from LBA ${firstLba} to ${endLba - 1}, which was blank\n`;
  const sector = new Uint8Array(512);
  sector.set(Buffer.from(text, 'latin1'));
  return sector;
}
