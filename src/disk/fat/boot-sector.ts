import { TwinbankError } from '../../diagnostics/error.ts';
import type { BlockDevice } from '../block-device.ts';
import { type FatGeometry, maxClusters, minClusters } from './geometry.ts';

const noLabel = 'NO NAME    ';

export interface BootSector extends FatGeometry {
  readonly mediaDescriptor: number;
  /** Sectors before the volume on its disk. */
  readonly hiddenSectors: number;
  /** Volume serial number, 32 bits. */
  readonly serial: number;
  /** Eleven bytes of ASCII, trimmed; empty for none. */
  readonly label: string;
}

/** Sector 0 of a FAT16 volume (FAT spec 1.03 sections 3.1 and 3.2); its code asks the BIOS to go on. */
export function encodeBootSector(boot: BootSector): Uint8Array {
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  const text = (value: string, offset: number) => bytes.set(Buffer.from(value, 'latin1'), offset);
  bytes.set([0xeb, 0x3c, 0x90]);
  text('TWINBANK', 3);
  view.setUint16(11, 512, true);
  bytes[13] = boot.sectorsPerCluster;
  view.setUint16(14, boot.reservedSectors, true);
  bytes[16] = boot.fatCount;
  view.setUint16(17, boot.rootEntries, true);
  view.setUint16(19, boot.totalSectors < 0x10000 ? boot.totalSectors : 0, true);
  bytes[21] = boot.mediaDescriptor;
  view.setUint16(22, boot.sectorsPerFat, true);
  // 32 sectors by 64 heads make cylinders of 1 MiB, which the size of every partition is a multiple of.
  view.setUint16(24, 32, true);
  view.setUint16(26, 64, true);
  view.setUint32(28, boot.hiddenSectors, true);
  view.setUint32(32, boot.totalSectors < 0x10000 ? 0 : boot.totalSectors, true);
  bytes[36] = 0x80;
  bytes[38] = 0x29;
  view.setUint32(39, boot.serial, true);
  text(boot.label === '' ? noLabel : boot.label.padEnd(11), 43);
  text('FAT16   ', 54);
  bytes.set([0xcd, 0x18, 0xf4, 0xeb, 0xfd], 62);
  bytes.set([0x55, 0xaa], 510);
  return bytes;
}

/**
 * Reads sector 0 of a volume in `volumeBytes` bytes. Throws (kind `corrupt`) `fat.signature`,
 * `fat.bad-bpb`, `fat.truncated` where the volume is larger than its partition, and `fat.type` for FAT12,
 * FAT32, exFAT and NTFS.
 */
export function decodeBootSector(bytes: Uint8Array, volumeBytes: number): BootSector {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u16 = (offset: number) => view.getUint16(offset, true);
  const text = (offset: number, length: number) =>
    Buffer.from(bytes.subarray(offset, offset + length)).toString('latin1');
  const expect = (ok: boolean, code: string, expected: string, found: string | number) => {
    if (!ok) throw bootError(code, expected, String(found));
  };
  const mark = u16(510);
  expect(mark === 0xaa55, 'fat.signature', 'the signature 0xaa55', `0x${mark.toString(16)}`);
  const system = text(3, 8).trim();
  expect(system !== 'NTFS' && system !== 'EXFAT', 'fat.type', 'a FAT16 volume', `one of ${system}`);
  const bpb = (ok: boolean, expected: string, found: number) =>
    expect(ok, 'fat.bad-bpb', expected, found);
  bpb(u16(11) === 512, '512 bytes a sector', u16(11));
  const sectorsPerCluster = bytes[13] ?? 0;
  const isPower = sectorsPerCluster > 0 && (sectorsPerCluster & (sectorsPerCluster - 1)) === 0;
  bpb(isPower, 'a power of two of sectors a cluster', sectorsPerCluster);
  const reservedSectors = u16(14);
  bpb(reservedSectors >= 1, 'a reserved sector or more', reservedSectors);
  const fatCount = bytes[16] ?? 0;
  bpb(fatCount === 1 || fatCount === 2, 'one or two FATs', fatCount);
  const rootEntries = u16(17);
  const sectorsPerFat = u16(22);
  expect(sectorsPerFat !== 0 || rootEntries !== 0, 'fat.type', 'a FAT16 volume', 'one of FAT32');
  bpb(sectorsPerFat >= 1, 'a FAT of a sector or more', sectorsPerFat);
  const wholeRoot = rootEntries > 0 && rootEntries % 16 === 0;
  bpb(wholeRoot, 'root entries that fill whole sectors', rootEntries);
  const totalSectors = u16(19) || view.getUint32(32, true);
  const metadata = reservedSectors + fatCount * sectorsPerFat + rootEntries / 16;
  bpb(totalSectors > metadata, `more than ${metadata} sectors`, totalSectors);
  const clusters = Math.floor((totalSectors - metadata) / sectorsPerCluster);
  const fat12 = clusters < minClusters;
  expect(!fat12, 'fat.type', 'a FAT16 volume', `one of FAT12 (${clusters} clusters)`);
  bpb(clusters <= maxClusters, `at most ${maxClusters} clusters for FAT16`, clusters);
  const needed = Math.ceil(((clusters + 2) * 2) / 512);
  bpb(sectorsPerFat >= needed, `a FAT of ${needed} sectors or more`, sectorsPerFat);
  const bytesNeeded = totalSectors * 512;
  expect(bytesNeeded <= volumeBytes, 'fat.truncated', `${bytesNeeded} bytes`, volumeBytes);
  const extended = bytes[38] === 0x29;
  const label = extended ? text(43, 11) : noLabel;
  return {
    totalSectors,
    sectorsPerCluster,
    reservedSectors,
    fatCount,
    sectorsPerFat,
    rootEntries,
    clusters,
    mediaDescriptor: bytes[21] ?? 0,
    hiddenSectors: view.getUint32(28, true),
    serial: extended ? view.getUint32(39, true) : 0,
    label: label === noLabel ? '' : label.trimEnd(),
  };
}

/** Gives a volume another serial number, and changes nothing else. Throws as {@link decodeBootSector}. */
export function writeSerial(volume: BlockDevice, serial: number): void {
  const bytes = volume.read(0, 512);
  decodeBootSector(bytes, volume.size);
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(39, serial, true);
  volume.write(0, bytes);
}

function bootError(code: string, expected: string, found: string): TwinbankError {
  return new TwinbankError(
    'corrupt',
    code,
    `FAT boot sector: expected ${expected}, found ${found}`,
    { data: { expected, found } },
  );
}
