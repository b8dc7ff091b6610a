/** A block as a squashfs has it: compressed, or as it was where that is no larger. */
export interface PackedBlock {
  readonly data: Uint8Array;
  readonly compressed: boolean;
}

/** Compresses blocks, each by itself; in order. */
export type PackBlocks = (blocks: readonly Uint8Array[]) => Promise<readonly PackedBlock[]>;

/** Of a data block's size that is not compressed (squashfs 4.0, SQUASHFS_COMPRESSED_BIT_BLOCK). */
const plainBit = 1 << 24;

/** How inodes and the fragment table say a block's size. */
export function sizeWord({ data, compressed }: PackedBlock): number {
  return compressed ? data.length : data.length | plainBit;
}

/** The length in bytes of a size word, and whether its block is compressed. */
export function readSizeWord(word: number): {
  readonly bytes: number;
  readonly compressed: boolean;
} {
  return { bytes: word & (plainBit - 1), compressed: (word & plainBit) === 0 };
}
