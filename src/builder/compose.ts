import { readFileSync } from 'node:fs';
import type { Loader } from '../bootloader/core-image.ts';
import { coreImageLba } from '../bootloader/core-image-place.ts';
import { bootx64Path, grubCfgPath } from '../bootloader/loader-parts.ts';
import { writeBankMagic } from '../disk/bank-magic.ts';
import { type BlockDevice, sliceDevice } from '../disk/block-device.ts';
import { emptyCoredump, writeCoredumpHeader } from '../disk/coredump-header.ts';
import { formatFat16 } from '../disk/fat/format.ts';
import { openFat } from '../disk/fat/volume.ts';
import { writeGpt } from '../disk/gpt.ts';
import { deriveGuid, deriveSerial } from '../disk/guid.ts';
import { writeProtectiveMbr } from '../disk/mbr.ts';
import { type BankContents, firstBootCfg, type ImageFile, inMemory } from './bank.ts';
import type { Layout, PlannedPartition } from './layout.ts';

/** Everything an image consists of, every byte of it known or in the cache. */
export interface ImageParts {
  readonly identity: string;
  readonly layout: Layout;
  readonly pmbrActive: boolean;
  readonly loader: Loader;
  readonly bank: BankContents;
  readonly banks: 'both' | 'first';
  readonly store: readonly ImageFile[];
}

/**
 * Writes an image to a device of `layout.size` zero bytes: partition table, BIOS core image, loader
 * partition, banks, core-dump header, store. What stays zero is never written.
 */
export function composeImage(device: BlockDevice, parts: ImageParts): void {
  const { layout, loader } = parts;
  writeProtectiveMbr(device, { active: parts.pmbrActive, bootCode: loader.bootCode });
  writeGpt(device, layout);
  device.write(coreImageLba * 512, loader.coreImage);
  const contentOf = readOnce();
  for (const partition of layout.partitions) {
    const slice = sliceDevice(device, partition.start, partition.size);
    if (partition.role === 'coredump') writeCoredumpHeader(slice, emptyCoredump);
    const files = filesOf(partition, parts);
    if (files) composeFat(slice, partition, parts, files, contentOf);
    if (partition.role === 'bank') {
      writeBankMagic(slice, deriveGuid(parts.identity, `bank ${partition.name}`));
    }
  }
}

/** The files of a partition in the order in which they are written; undefined where it has no files. */
export function filesOf(
  { role, number }: PlannedPartition,
  parts: ImageParts,
): readonly ImageFile[] | undefined {
  if (role === 'loader') return loaderFiles(parts.loader);
  if (role === 'store') return parts.store;
  if (role !== 'bank') return undefined;
  // The first bank has the higher number, so that it is booted and the other is there to go back to.
  const first = parts.layout.partitions.find((partition) => partition.role === 'bank');
  const isFirst = first?.number === number;
  const empty = !isFirst && parts.banks === 'first';
  const bootCfg = firstBootCfg(parts.bank, isFirst ? 2 : 1, empty);
  return empty ? [bootCfg] : [bootCfg, ...parts.bank.files];
}

function loaderFiles(loader: Loader): ImageFile[] {
  return [
    inMemory(bootx64Path, loader.bootx64),
    inMemory(grubCfgPath, Buffer.from(loader.grubCfg)),
  ];
}

function composeFat(
  slice: BlockDevice,
  partition: PlannedPartition,
  parts: ImageParts,
  files: readonly ImageFile[],
  contentOf: (file: ImageFile) => Uint8Array,
): void {
  formatFat16(slice, {
    serial: deriveSerial(parts.identity, `volume ${partition.name}`),
    hiddenSectors: partition.firstLba,
  });
  const volume = openFat(slice);
  for (const file of files) {
    const folder = file.name.slice(0, Math.max(0, file.name.lastIndexOf('/')));
    if (folder) volume.mkdir(folder);
    volume.write(file.name, contentOf(file));
  }
  volume.writeBack();
}

/** Reads a file of the cache once, as both banks hold the same. */
function readOnce(): (file: ImageFile) => Uint8Array {
  const known = new Map<string, Uint8Array>();
  return (file) => {
    if ('data' in file) return file.data;
    const content = known.get(file.path) ?? readFileSync(file.path);
    known.set(file.path, content);
    return content;
  };
}
