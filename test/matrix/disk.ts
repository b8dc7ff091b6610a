import { encodeBankEnv } from '../../src/bootloader/bank-env.ts';
import { type BootCfg, encodeBootCfg } from '../../src/bootloader/boot-cfg.ts';
import type { Loader } from '../../src/bootloader/core-image.ts';
import { coreImageLba } from '../../src/bootloader/core-image-place.ts';
import { imagePartitions } from '../../src/bootloader/image-partitions.ts';
import { encodeSum, sha256 } from '../../src/bootloader/sum-file.ts';
import { memoryDevice, sliceDevice } from '../../src/disk/block-device.ts';
import { formatFat16 } from '../../src/disk/fat/format.ts';
import { type FatVolume, openFat } from '../../src/disk/fat/volume.ts';
import { writeGpt } from '../../src/disk/gpt.ts';
import { deriveGuid } from '../../src/disk/guid.ts';
import { writeProtectiveMbr } from '../../src/disk/mbr.ts';
import { stubKernel } from './stub-kernel.ts';

const sector = 512;
const loaderLba = 2048;
const loaderSectors = 8192;
/** Just enough for FAT16 with clusters of one sector. */
const bankSectors = 4608;

const env = { kernel: 'vmkernel', kernelopt: 'quiet a=b', modules: ['boot.v00', 'a.v00'] };

/** Where a file lies in the disk's bytes. */
export interface FilePlace {
  readonly offset: number;
  /** Its entry in the root directory. */
  readonly entry: number;
}

/** A whole disk in memory: real tables and volumes, two or more banks with tiny files. */
export interface MatrixDisk {
  readonly bytes: Buffer;
  readonly banks: readonly number[];
  /** Files of every bank, as they are on the disk. */
  readonly files: ReadonlyMap<number, ReadonlyMap<string, Uint8Array>>;
  place(bank: number, name: string): FilePlace;
}

/** A disk whose loader partition holds this script, and the loader itself for a machine to start. */
export function matrixDisk(banks: readonly number[], loader: Partial<Loader>): MatrixDisk {
  const firstLba = (bank: number) =>
    bank === 1 ? loaderLba : loaderLba + loaderSectors + bankSectors * banks.indexOf(bank);
  const lastLba = (bank: number) => firstLba(bank) + (bank === 1 ? loaderSectors : bankSectors) - 1;
  const end = loaderLba + loaderSectors + bankSectors * banks.length;
  const bytes = Buffer.alloc((end + 2048) * sector);
  const device = memoryDevice(bytes);
  const type = (number: number) => imagePartitions.find((one) => one.number === number)?.type;
  const bankType = type(5) ?? '';
  const partitions = [1, ...banks, 14].map((number) => ({
    number,
    name: `partition ${number}`,
    type: banks.includes(number) ? bankType : (type(number) ?? bankType),
    guid: partitionGuid(number),
    attributes: 0n,
    firstLba: number === 14 ? coreImageLba : firstLba(number),
    lastLba: number === 14 ? loaderLba - 1 : lastLba(number),
  }));
  writeProtectiveMbr(device, { bootCode: loader.bootCode ?? new Uint8Array(440) });
  writeGpt(device, { diskGuid: deriveGuid('matrix', 'disk'), partitions });
  if (loader.coreImage) bytes.set(loader.coreImage, coreImageLba * sector);
  const volumeOf = (number: number, files: Iterable<readonly [string, Uint8Array]>): FatVolume => {
    const size = (lastLba(number) + 1 - firstLba(number)) * sector;
    const slice = sliceDevice(device, firstLba(number) * sector, size);
    formatFat16(slice, { serial: number, sectorsPerCluster: 1 });
    const volume = openFat(slice);
    for (const [path, data] of files) {
      volume.mkdir(path.split('/').slice(0, -1).join('/'));
      volume.write(path, data);
    }
    volume.flush();
    return volume;
  };
  volumeOf(1, [
    ['grub/grub.cfg', Buffer.from(loader.grubCfg ?? '')],
    ['EFI/BOOT/BOOTX64.EFI', loader.bootx64 ?? new Uint8Array()],
  ]);
  const files = new Map(banks.map((bank) => [bank, bankFiles(bank)]));
  const places = new Map<string, FilePlace>();
  for (const [bank, content] of files) {
    const volume = volumeOf(bank, content);
    const start = firstLba(bank) * sector;
    for (const name of content.keys()) {
      const [extent] = volume.extents(name);
      const entry = directoryEntry(bytes, start, name);
      places.set(`${bank}/${name}`, { offset: start + (extent?.offset ?? 0), entry });
    }
  }
  return { bytes, banks, files, place: (bank, name) => found(places, `${bank}/${name}`) };
}

/** The GUID that the stub gets to see as `twinbank.partuuid`. */
export function partitionGuid(number: number): string {
  return deriveGuid('matrix', `partition ${number}`);
}

function found(places: ReadonlyMap<string, FilePlace>, name: string): FilePlace {
  const place = places.get(name);
  if (!place) throw new Error(`no file ${name}`);
  return place;
}

/** The root directory entry of a file with a plain short name, or of its long name's short one. */
function directoryEntry(bytes: Buffer, start: number, name: string): number {
  const boot = bytes.subarray(start);
  const root = start + (boot.readUInt16LE(14) + boot.readUInt8(16) * boot.readUInt16LE(22)) * 512;
  const volume = name.toUpperCase().split('.');
  const plain = volume.length === 2 && (volume[0]?.length ?? 9) <= 8 && volume[1]?.length === 3;
  const short = Buffer.from((volume[0] ?? '').padEnd(8) + (volume[1] ?? '').padEnd(3), 'latin1');
  for (let at = root; at < root + boot.readUInt16LE(17) * 32; at += 32) {
    if (plain || volume.length === 1) {
      if (short.equals(bytes.subarray(at, at + 11))) return at;
    } else if (longName(bytes, at) === name) return at;
  }
  throw new Error(`no directory entry ${name}`);
}

/** The long name whose one part stands before the entry (FAT specification 1.03, section 7). */
function longName(bytes: Buffer, at: number): string {
  const part = bytes.subarray(at - 32, at);
  if (part[11] !== 0x0f) return '';
  const text = Buffer.concat([part.subarray(1, 11), part.subarray(14, 26), part.subarray(28, 32)]);
  return text.toString('utf16le').split('\0', 1)[0] ?? '';
}

export function buildOf(bank: number): string {
  return `1.0-${bank}`;
}

export function bootCfgOf(bank: number, cfg: Partial<BootCfg>): Buffer {
  const marks = { bootstate: '0', attempts: '0', verdict: '-' } as const;
  const all = { ...env, build: buildOf(bank), ...marks, updated: 1, title: 't', ...cfg };
  return Buffer.from(encodeBootCfg(all));
}

function bankFiles(bank: number): Map<string, Uint8Array> {
  const content: [string, Uint8Array][] = [
    ['bank.env', encodeBankEnv({ ...env, build: buildOf(bank) })],
    ['vmkernel', stubKernel()],
    ['boot.v00', Buffer.from(`boot of ${bank}`.padEnd(700, '.'))],
    ['a.v00', Buffer.from(`module of ${bank}`)],
  ];
  const sums = content.map(([name, bytes]): [string, Uint8Array] => [
    `${name}.sum`,
    encodeSum(name, sha256(bytes)),
  ]);
  return new Map([['boot.cfg', bootCfgOf(bank, {})], ...content, ...sums]);
}
