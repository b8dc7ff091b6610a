import { TwinbankError } from '../../diagnostics/error.ts';
import { hex32 } from '../crc32.ts';

const qcow2Magic = 0x514649fb;
/** Bytes of a version 3 header without optional fields. */
const headerBytes = 104;
/** As QEMU limits it, so that a forged header cannot claim all memory. */
const maxL1Bytes = 32 * 2 ** 20;

/** Bit 63 of table entries: the reference count is one. */
export const copiedFlag = 1n << 63n;
/** Bits 9 to 55: the offset in the file. */
export const offsetMask = 0x00fffffffffffe00n;

/** What to do about an image that only QEMU can read. */
const convert = '; qemu-img convert -O raw makes an image that can be read';

export interface Qcow2Header {
  readonly version: number;
  readonly clusterBytes: number;
  /** Bytes of the disk that the file holds. */
  readonly size: number;
  /** Entries of the L1 table. */
  readonly l1Entries: number;
  readonly l1Offset: number;
  readonly refcountTableOffset: number;
  readonly refcountTableClusters: number;
}

/** Bytes of disk that one L1 entry stands for. */
export function bytesPerL1Entry(clusterBytes: number): number {
  return (clusterBytes / 8) * clusterBytes;
}

/** A version 3 header with 16-bit reference counts (QEMU docs/interop/qcow2.rst, "Header"). */
export function encodeQcow2Header(header: Qcow2Header): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, qcow2Magic);
  view.setUint32(4, header.version);
  view.setUint32(20, Math.log2(header.clusterBytes));
  view.setBigUint64(24, BigInt(header.size));
  view.setUint32(36, header.l1Entries);
  view.setBigUint64(40, BigInt(header.l1Offset));
  view.setBigUint64(48, BigInt(header.refcountTableOffset));
  view.setUint32(56, header.refcountTableClusters);
  view.setUint32(96, 4);
  view.setUint32(100, headerBytes);
  return bytes;
}

/**
 * Reads the first 104 bytes of a file of `fileBytes` bytes. Throws, all of kind `corrupt`, `qcow2.magic`,
 * `qcow2.version`, `qcow2.backing-file`, `qcow2.encrypted`, `qcow2.feature` for what we do not read, and
 * `qcow2.header` for values that cannot be.
 */
export function decodeQcow2Header(bytes: Uint8Array, fileBytes: number): Qcow2Header {
  type Found = string | number;
  const expect = (ok: boolean, code: string, expected: string, found: Found, hint = '') => {
    if (ok) return;
    const message = `qcow2 header: expected ${expected}, found ${found}${hint}`;
    throw new TwinbankError('corrupt', code, message, { data: { expected, found } });
  };
  expect(bytes.length >= headerBytes, 'qcow2.header', `${headerBytes} bytes`, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u64 = (offset: number) => Number(view.getBigUint64(offset));
  const magic = view.getUint32(0);
  expect(magic === qcow2Magic, 'qcow2.magic', `magic ${hex32(qcow2Magic)}`, hex32(magic));
  const version = view.getUint32(4);
  expect(version === 2 || version === 3, 'qcow2.version', 'version 2 or 3', version);
  const backing = u64(8);
  expect(
    backing === 0,
    'qcow2.backing-file',
    'an image of its own',
    'one with a backing file',
    convert,
  );
  const crypt = view.getUint32(32);
  expect(
    crypt === 0,
    'qcow2.encrypted',
    'an unencrypted image',
    `encryption method ${crypt}`,
    convert,
  );
  // Bit 0, "dirty", concerns reference counts only, which reading does not need.
  const features = version === 3 ? view.getBigUint64(72) & ~1n : 0n;
  const known = [
    [1n, 'an image marked corrupt'],
    [2n, 'one with an external data file'],
    [3n, 'one with another compression than zlib'],
    [4n, 'one with extended L2 entries'],
  ] as const;
  const feature = known.find(([bit]) => (features >> bit) & 1n)?.[1];
  expect(
    features === 0n,
    'qcow2.feature',
    'an image without incompatible features',
    feature ?? `features 0x${features.toString(16)}`,
    (features >> 1n) & 1n ? '; qemu-img check -r all may repair it' : convert,
  );
  const clusterBits = view.getUint32(20);
  const bitsOk = clusterBits >= 9 && clusterBits <= 21;
  expect(bitsOk, 'qcow2.header', 'clusters of 2^9 to 2^21 bytes', `2^${clusterBits}`);
  const clusterBytes = 2 ** clusterBits;
  const size = u64(24);
  expect(Number.isSafeInteger(size), 'qcow2.header', 'a disk of less than 2^53 bytes', size);
  const l1Entries = view.getUint32(36);
  const needed = Math.ceil(size / bytesPerL1Entry(clusterBytes));
  expect(l1Entries >= needed, 'qcow2.header', `${needed} L1 entries for ${size} bytes`, l1Entries);
  const maxEntries = maxL1Bytes / 8;
  expect(l1Entries <= maxEntries, 'qcow2.header', `at most ${maxEntries} L1 entries`, l1Entries);
  const l1Offset = u64(40);
  const l1Ok = l1Offset % clusterBytes === 0 && l1Offset + l1Entries * 8 <= fileBytes;
  expect(l1Ok, 'qcow2.header', `an L1 table within ${fileBytes} bytes`, `offset ${l1Offset}`);
  return {
    version,
    clusterBytes,
    size,
    l1Entries,
    l1Offset,
    refcountTableOffset: u64(48),
    refcountTableClusters: view.getUint32(56),
  };
}
