import { createHash } from 'node:crypto';
import type { BlockDevice } from '../block-device.ts';
import { alignExtents, type Extent } from '../extents.ts';
import { nonZeroExtents } from '../sparse.ts';
import { encodeVmdkDescriptor, type VmdkType } from './descriptor.ts';
import { encodeVmdkHeader, tableEntries, type VmdkHeader, vmdkFlags } from './header.ts';
import { encodeGrain, encodeMarker } from './markers.ts';

/** 64 KiB, as every maker of VMDK has it. */
const grainSectors = 128;
const grainBytes = grainSectors * 512;
const descriptorSectors = 20;
const tableSectors = (tableEntries * 4) / 512;

interface VmdkOptions {
  readonly type: VmdkType;
  /** Name of the file, which is in it. */
  readonly fileName: string;
  /** A zlib stream of a grain; for a stream only. */
  readonly deflate: (grain: Uint8Array) => Uint8Array;
}

/** Where a VMDK file is written to; it grows. */
interface VmdkTarget {
  write(offset: number, bytes: Uint8Array): void;
}

/**
 * Writes the grains of `source` that lie in `extents` and are not all zero as one VMDK file: `streamOptimized`, which
 * is what vSphere imports, in the order of the disk with tables behind their grains and the directory at the end; or
 * `monolithicSparse`, which a virtual machine runs from, tables first. A function of the source's bytes and of `deflate`
 * alone. Returns the bytes of the file.
 */
export function writeVmdk(
  source: BlockDevice,
  extents: Iterable<Extent>,
  target: VmdkTarget,
  options: VmdkOptions,
): number {
  const touched = alignExtents(extents, grainBytes, source.size);
  const stored = nonZeroExtents(source, { extents: touched, blockSize: grainBytes });
  const grains = stored.flatMap(({ offset, length }) =>
    Array.from({ length: Math.ceil(length / grainBytes) }, (_, n) => offset / grainBytes + n),
  );
  const capacity = Math.ceil(source.size / 512);
  const tables = Math.ceil(capacity / (grainSectors * tableEntries));
  const write = options.type === 'streamOptimized' ? writeStream : writeSparse;
  const content = createHash('sha256');
  const readGrain = (grain: number): Uint8Array => {
    const offset = grain * grainBytes;
    const bytes = new Uint8Array(grainBytes);
    bytes.set(source.read(offset, Math.min(grainBytes, source.size - offset)));
    content.update(bytes);
    return bytes;
  };
  const sectors = write({ grains, capacity, tables, readGrain, target, deflate: options.deflate });
  const contentId = content.digest().readUInt32LE(0) & 0x7fffffff;
  const { type, fileName } = options;
  const descriptor = encodeVmdkDescriptor({ type, contentId, sectors: capacity, fileName });
  const text = new Uint8Array(descriptorSectors * 512);
  text.set(descriptor);
  target.write(512, text);
  return sectors * 512;
}

interface Work {
  /** Numbers of the grains that are stored, in order. */
  readonly grains: readonly number[];
  readonly capacity: number;
  readonly tables: number;
  readonly target: VmdkTarget;
  readGrain(grain: number): Uint8Array;
  deflate(grain: Uint8Array): Uint8Array;
}

/** Each writes all but the descriptor, and returns the sectors of the file. */
function writeStream({ grains, capacity, tables, target, readGrain, deflate }: Work): number {
  const common = { ...headerOf(capacity, grainSectors), version: 3 };
  const flags = vmdkFlags.newLines | vmdkFlags.compressed | vmdkFlags.markers;
  let at: number = grainSectors;
  const put = (bytes: Uint8Array): number => {
    const place = at;
    target.write(place * 512, bytes);
    at += bytes.length / 512;
    return place;
  };
  target.write(0, encodeVmdkHeader({ ...common, flags, directoryOffset: undefined }));
  const directory = new Uint32Array(tables);
  for (let index = 0; index < tables; index++) {
    const table = new Uint32Array(tableEntries);
    const first = index * tableEntries;
    const inTable = grains.filter((grain) => grain >= first && grain < first + tableEntries);
    if (inTable.length === 0) continue;
    for (const grain of inTable) {
      table[grain - first] = put(encodeGrain(grain * grainSectors, deflate(readGrain(grain))));
    }
    put(encodeMarker('grainTable', tableSectors));
    directory[index] = put(littleEndian(table));
  }
  const packed = littleEndian(directory);
  put(encodeMarker('grainDirectory', packed.length / 512));
  const directoryOffset = put(packed);
  put(encodeMarker('footer', 1));
  put(encodeVmdkHeader({ ...common, flags, directoryOffset }));
  put(encodeMarker('endOfStream', 0));
  return at;
}

function writeSparse({ grains, capacity, tables, target, readGrain }: Work): number {
  const directoryOffset = 1 + descriptorSectors;
  const directorySectors = Math.ceil((tables * 4) / 512);
  const firstTable = directoryOffset + directorySectors;
  const overhead = Math.ceil((firstTable + tables * tableSectors) / grainSectors) * grainSectors;
  const flags = vmdkFlags.newLines;
  const header = { ...headerOf(capacity, overhead), version: 1, flags, directoryOffset };
  target.write(0, encodeVmdkHeader(header));
  const directory = Uint32Array.from({ length: tables }, (_, n) => firstTable + n * tableSectors);
  target.write(directoryOffset * 512, littleEndian(directory));
  const all = new Uint32Array(tables * tableEntries);
  let at = overhead;
  for (const grain of grains) {
    all[grain] = at;
    target.write(at * 512, readGrain(grain));
    at += grainSectors;
  }
  target.write(firstTable * 512, littleEndian(all));
  return at;
}

function headerOf(
  capacity: number,
  overhead: number,
): Omit<VmdkHeader, 'flags' | 'directoryOffset' | 'version'> {
  return { capacity, grainSectors, descriptorOffset: 1, descriptorSectors, overhead };
}

/** Numbers of 32 bits in whole sectors. */
function littleEndian(numbers: Uint32Array): Uint8Array {
  const bytes = Buffer.alloc(Math.ceil((numbers.length * 4) / 512) * 512);
  for (const [index, value] of numbers.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}
