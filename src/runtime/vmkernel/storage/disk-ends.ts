import { TwinbankError } from '../../../diagnostics/error.ts';
import type { BlockDevice } from '../../../disk/block-device.ts';
import { type GptReading, readGpt } from '../../../disk/gpt.ts';

/** So much of a disk's beginning and of its end is looked at. */
export const endBytes = 2 ** 20;

/** The first and the last MiB of a disk, or less of a smaller one. */
export interface DiskEnds {
  readonly bytes: number;
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

/**
 * Nothing is written in either: every partition table, file system, LVM, RAID and ZFS mark lies in them, so that no list of their
 * signatures is needed.
 */
export function isBlank({ first, last }: DiskEnds): boolean {
  return isZero(first) && isZero(last);
}

/** The partition table of GPT that is on the disk; undefined where there is none that is right. */
export function tableOf(ends: DiskEnds): GptReading | undefined {
  try {
    return readGpt(endsDevice(ends));
  } catch (error) {
    if (error instanceof TwinbankError) return undefined;
    throw error;
  }
}

/** What is on a disk that is not blank, for people. */
export function describeContents(ends: DiskEnds): string {
  const { first, last } = ends;
  const table = tableOf(ends);
  if (table) {
    const names = table.partitions.map(({ number, name }) => name || String(number)).join(', ');
    return `it has a partition table (GPT) with ${names || 'no partition'}`;
  }
  const mark = marks.find(({ offset, text }) => hasText(first, offset, text));
  if (mark) return `it has ${mark.what}`;
  if (first[510] === 0x55 && first[511] === 0xaa) return 'it has a partition table or boot code';
  const where = isZero(first) ? 'last' : isZero(last) ? 'first' : 'first and its last';
  return `its ${where} MiB is not empty`;
}

/** Only to say more than that it is not empty: whether a disk is blank never depends on these. */
const marks = [
  {
    offset: 0x438,
    text: '\x53\xef',
    what: 'a file system without a partition table (ext2, ext3 or ext4)',
  },
  { offset: 0, text: 'XFSB', what: 'a file system without a partition table (XFS)' },
  { offset: 0x10040, text: '_BHRfS_M', what: 'a file system without a partition table (Btrfs)' },
  { offset: 3, text: 'NTFS    ', what: 'a file system without a partition table (NTFS)' },
  { offset: 0x200, text: 'LABELONE', what: 'a physical volume of LVM' },
  { offset: 0, text: 'LUKS\xba\xbe', what: 'an encrypted volume (LUKS)' },
] as const;

function hasText(bytes: Uint8Array, offset: number, text: string): boolean {
  return Buffer.from(bytes.subarray(offset, offset + text.length)).equals(
    Buffer.from(text, 'latin1'),
  );
}

export function isZero(bytes: Uint8Array): boolean {
  // Many times faster than to look at each.
  return Buffer.alloc(bytes.length).equals(bytes);
}

/** Both ends as a disk: what lies between them is not there, and reads as beyond the disk. */
export function endsDevice({ bytes, first, last }: DiskEnds): BlockDevice {
  const refuse = (): never => {
    throw new TwinbankError('corrupt', 'device.out-of-range', 'expected only the ends to be read');
  };
  return {
    size: bytes,
    read(offset, length) {
      if (offset + length <= first.length) return first.slice(offset, offset + length);
      const at = offset - (bytes - last.length);
      return at >= 0 && at + length <= last.length ? last.slice(at, at + length) : refuse();
    },
    write: refuse,
    flush: refuse,
  };
}
