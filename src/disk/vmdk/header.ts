import { TwinbankError } from '../../diagnostics/error.ts';
import { quote } from '../../diagnostics/quote.ts';

const magic = 'KDMV';
const grainSectors = { least: 1, most: 2048 };
/** As QEMU limits it, so that a forged header cannot claim all memory. */
const maxDirectoryEntries = (512 * 2 ** 20) / 4;

/** Header flags ("Hosted Sparse Extent Header"). */
export const vmdkFlags = {
  newLines: 1,
  redundantTables: 2,
  zeroGrains: 4,
  compressed: 0x10000,
  markers: 0x20000,
};
/** In the header of a stream: the directory is where the footer says. */
const directoryAtEnd = 0xffffffffffffffffn;
/** Entries of a grain table; it fills four sectors. */
export const tableEntries = 512;
const deflate = 1;

/** Of a sparse extent, all numbers in sectors of 512 bytes. */
export interface VmdkHeader {
  readonly version: number;
  readonly flags: number;
  /** Of the disk. */
  readonly capacity: number;
  readonly grainSectors: number;
  readonly descriptorOffset: number;
  readonly descriptorSectors: number;
  /** Undefined: the footer has it. */
  readonly directoryOffset: number | undefined;
  /** Before the first grain. */
  readonly overhead: number;
}

/**
 * The header sector of a sparse extent, 512 bytes, little-endian (VMware, "Virtual Disk Format 5.0", Hosted Sparse
 * Extent Header). Its line ends let a reader see that nobody took it for a text.
 */
export function encodeVmdkHeader(header: VmdkHeader): Uint8Array {
  const bytes = Buffer.alloc(512);
  bytes.write(magic, 0, 'latin1');
  bytes.writeUInt32LE(header.version, 4);
  bytes.writeUInt32LE(header.flags, 8);
  bytes.writeBigUInt64LE(BigInt(header.capacity), 12);
  bytes.writeBigUInt64LE(BigInt(header.grainSectors), 20);
  bytes.writeBigUInt64LE(BigInt(header.descriptorOffset), 28);
  bytes.writeBigUInt64LE(BigInt(header.descriptorSectors), 36);
  bytes.writeUInt32LE(tableEntries, 44);
  const directory = header.directoryOffset;
  bytes.writeBigUInt64LE(directory === undefined ? directoryAtEnd : BigInt(directory), 56);
  bytes.writeBigUInt64LE(BigInt(header.overhead), 64);
  bytes.write('\n \r\n', 73, 'latin1');
  bytes.writeUInt16LE(header.flags & vmdkFlags.compressed ? deflate : 0, 77);
  return bytes;
}

/**
 * Reads the header of a file of `fileBytes` bytes. Throws, all of kind `corrupt`, `vmdk.magic`, `vmdk.version`,
 * `vmdk.feature` for what we do not read, and `vmdk.header` for values that cannot be.
 */
export function decodeVmdkHeader(sector: Uint8Array, fileBytes: number): VmdkHeader {
  const expect = (ok: boolean, code: string, expected: string, found: string | number | bigint) => {
    if (ok) return;
    const message = `VMDK header: expected ${expected}, found ${found}`;
    throw new TwinbankError('corrupt', code, message, { data: { expected, found: String(found) } });
  };
  expect(sector.length >= 512, 'vmdk.header', '512 bytes', sector.length);
  const bytes = Buffer.from(sector.buffer, sector.byteOffset, 512);
  const text = bytes.toString('latin1', 0, 4);
  expect(text === magic, 'vmdk.magic', `magic ${quote(magic)}`, quote(text));
  const version = bytes.readUInt32LE(4);
  expect(version >= 1 && version <= 3, 'vmdk.version', 'version 1, 2 or 3', version);
  const flags = bytes.readUInt32LE(8);
  const known = Object.values(vmdkFlags).reduce((all, flag) => all | flag, 0);
  expect((flags & ~known) === 0, 'vmdk.feature', 'flags that we know', `0x${flags.toString(16)}`);
  if (flags & vmdkFlags.newLines) {
    const ends = bytes.toString('latin1', 73, 77);
    expect(ends === '\n \r\n', 'vmdk.header', 'its line ends as they were written', quote(ends));
  }
  const algorithm = bytes.readUInt16LE(77);
  const isKnown = algorithm === (flags & vmdkFlags.compressed ? deflate : 0);
  expect(isKnown, 'vmdk.feature', 'no compression but deflate', `algorithm ${algorithm}`);
  const count = (offset: number, what: string, most: number): number => {
    const value = bytes.readBigUInt64LE(offset);
    expect(value <= BigInt(most), 'vmdk.header', `${what} of at most ${most} sectors`, value);
    return Number(value);
  };
  const capacity = count(12, 'a capacity', 2 ** 43);
  const grain = count(20, 'grains', grainSectors.most);
  const isPower = grain >= grainSectors.least && (grain & (grain - 1)) === 0;
  expect(isPower, 'vmdk.header', 'grains of a power of two of sectors', grain);
  const entries = bytes.readUInt32LE(44);
  expect(
    entries === tableEntries,
    'vmdk.header',
    `grain tables of ${tableEntries} entries`,
    entries,
  );
  const tables = Math.ceil(capacity / (grain * tableEntries));
  const most = maxDirectoryEntries;
  expect(tables <= most, 'vmdk.header', `at most ${most} grain tables`, tables);
  const fileSectors = Math.floor(fileBytes / 512);
  const atEnd = bytes.readBigUInt64LE(56) === directoryAtEnd;
  const directoryOffset = atEnd ? undefined : count(56, 'a directory offset', fileSectors);
  return {
    version,
    flags,
    capacity,
    grainSectors: grain,
    directoryOffset,
    descriptorOffset: count(28, 'a descriptor offset', fileSectors),
    descriptorSectors: count(36, 'a descriptor', fileSectors),
    overhead: count(64, 'an overhead', 2 ** 43),
  };
}
