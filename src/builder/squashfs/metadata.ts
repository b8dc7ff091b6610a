import { TwinbankError } from '../../diagnostics/error.ts';
import type { PackedBlock } from './packed-block.ts';

/** Bytes of a table in each of its blocks but the last, before they are compressed (SQUASHFS_METADATA_SIZE). */
export const metadataBytes = 8192;

/** Of a block's two bytes of size: it is not compressed (SQUASHFS_COMPRESSED_BIT). */
const plainBit = 0x8000;

interface MetadataTable {
  readonly bytes: Uint8Array;
  /** Where each block begins, from the beginning of the table. */
  readonly starts: readonly number[];
}

/**
 * A table of a squashfs: blocks of 8192 bytes of it, each after its size (kernel documentation, filesystems/squashfs.rst,
 * section 3.3). `packed` are the first of its blocks in another form; the others are not compressed.
 */
export function encodeMetadata(
  table: Uint8Array,
  packed: readonly PackedBlock[] = [],
): MetadataTable {
  const parts: Uint8Array[] = [];
  const starts: number[] = [];
  let length = 0;
  for (let at = 0, index = 0; at < table.length; at += metadataBytes, index++) {
    const plain = { data: table.subarray(at, at + metadataBytes), compressed: false };
    const { data, compressed } = packed[index] ?? plain;
    const size = Buffer.alloc(2);
    size.writeUInt16LE(compressed ? data.length : data.length | plainBit);
    starts.push(length);
    parts.push(size, data);
    length += size.length + data.length;
  }
  return { bytes: Buffer.concat(parts), starts };
}

/** The blocks of a table that are whole. */
export function wholeBlocks(table: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.floor(table.length / metadataBytes) }, (_, index) =>
    table.subarray(index * metadataBytes, (index + 1) * metadataBytes),
  );
}

/** A table whose blocks, which are all of `bytes`, were not compressed. */
export function decodePlainMetadata(bytes: Uint8Array): Uint8Array {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < view.length; ) {
    const size = view.readUInt16LE(at);
    if ((size & plainBit) === 0) {
      const message = `squashfs: expected a table that is not compressed, found a block that is, at ${at}`;
      throw new TwinbankError('internal', 'squashfs.metadata', message);
    }
    const end = at + 2 + (size & ~plainBit);
    parts.push(view.subarray(at + 2, end));
    at = end;
  }
  return Buffer.concat(parts);
}
