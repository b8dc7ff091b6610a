import { TwinbankError } from '../diagnostics/error.ts';
import { fillForCrc32 } from './crc32-fill.ts';
import { firstUsableLba, gptEntryCount, lastUsableLba } from './gpt.ts';
import { assertGptLayout } from './gpt-check.ts';
import {
  decodeGptEntries,
  decodeGptEntry,
  encodeGptEntry,
  type GptPartition,
  gptEntrySize,
} from './gpt-entry.ts';
import { decodeGptHeader, encodeGptHeaders } from './gpt-header.ts';
import { coveringDisk } from './mbr.ts';

/** Bytes of a disk that are to be on the medium before the next are written. */
export interface DiskWrite {
  readonly offset: number;
  readonly data: Uint8Array;
}

const arrayBytes = gptEntryCount * gptEntrySize;
const arrayLba = 2;
const entriesOfSector = 512 / gptEntrySize;
/** LBA 0, the header and its array. */
export const tableHeadBytes = firstUsableLba * 512;
/** Where a partition's own GUID ends: its last four bytes are of no meaning (RFC 4122, "node"). */
const guidEnd = 32;

/**
 * The writes, in their order, that add partitions to the table of a disk in use, one whose table may have been made for a smaller disk.
 * `head` is the disk's first {@link tableHeadBytes}, `sectors` its size. Whatever the power leaves of them, LBA 1 and 2 are a right table: of
 * two copies Linux reads the first alone (block/partitions/efi.c, without `gpt` on its command line), so that header and array may
 * at no moment differ. Both are written by one sector each, and the array keeps its CRC-32: the last four bytes of a new GUID see to that.
 *
 * 1. the second copy, at the disk's end, with the new entries;
 * 2. the header, where it names another place for the second copy, or another end of the disk;
 * 3. LBA 0, where its protective entry ends elsewhere: boot code and all else of it stay;
 * 4. the sector of the array with the new entries.
 *
 * Throws kind `corrupt` as `decodeGptHeader`, kind `refused` `gpt.array-place` for a table that is not as we write it, `gpt.number` for numbers
 * in use or not in one sector, and what `assertGptLayout` throws.
 */
export function addPartitionWrites(
  head: Uint8Array,
  sectors: number,
  added: readonly GptPartition[],
): DiskWrite[] {
  const header = decodeGptHeader(head.subarray(512, 1024), 1);
  if (header.arrayLba !== arrayLba || header.entryCount !== gptEntryCount) {
    const found = `${header.entryCount} entries at LBA ${header.arrayLba}`;
    throw refused('gpt.array-place', `expected ${gptEntryCount} entries at LBA ${arrayLba}`, found);
  }
  const array = copyOf(head, arrayLba * 512, arrayBytes);
  const commit = withEntries(array, added, header.arrayCrc);
  const usable = { firstUsableLba: header.firstUsableLba, lastUsableLba: lastUsableLba(sectors) };
  assertGptLayout(decodeGptEntries(array), usable, gptEntryCount, 'refused');
  const { primary, backup, backupLba } = encodeGptHeaders({ ...header, ...usable }, sectors);
  return [
    { offset: backupLba * 512, data: Buffer.concat([array, backup]) },
    ...changed(head, { offset: 512, data: primary }),
    ...changed(head, { offset: 0, data: coveringDisk(head.subarray(0, 512), sectors) }),
    commit,
  ];
}

/** Puts entries into an array whose CRC-32 stays `crc`. Returns the one sector of the disk that they are in. */
function withEntries(array: Uint8Array, added: readonly GptPartition[], crc: number): DiskWrite {
  const places = added.map(({ number }) => Math.floor((number - 1) / entriesOfSector));
  const [sector, ...others] = new Set(places);
  const taken = added.find((one) => decodeGptEntry(array, entryOffset(one), one.number));
  if (sector === undefined || others.length > 0 || taken) {
    const numbers = added.map(({ number }) => number).join(' and ');
    const found = taken ? `that ${taken.number} is in use` : 'several';
    throw refused(
      'gpt.number',
      `expected free numbers in one sector of the table for ${numbers}`,
      found,
    );
  }
  for (const one of added) array.set(encodeGptEntry(one), entryOffset(one));
  const [filled] = added;
  if (filled) fillForCrc32(array, entryOffset(filled) + guidEnd - 4, crc);
  const data = copyOf(array, sector * 512, 512);
  return { offset: (arrayLba + sector) * 512, data };
}

function entryOffset({ number }: GptPartition): number {
  return (number - 1) * gptEntrySize;
}

/** Not `slice`, which in a Buffer is a view. */
function copyOf(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  return new Uint8Array(bytes.subarray(offset, offset + length));
}

/** Nothing where it is on the disk already. */
function changed(head: Uint8Array, write: DiskWrite): DiskWrite[] {
  const { offset, data } = write;
  return Buffer.from(data).equals(head.subarray(offset, offset + data.length)) ? [] : [write];
}

function refused(code: string, expected: string, found: string): TwinbankError {
  return new TwinbankError('refused', code, `${expected}, found ${found}`);
}
