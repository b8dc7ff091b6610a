import { inflateSync } from 'node:zlib';
import { TwinbankError } from '../../diagnostics/error.ts';
import { assertInRange, type BlockDevice } from '../block-device.ts';
import { type Extent, normalizeExtents } from '../extents.ts';
import { type VmdkType, vmdkTypeOf } from './descriptor.ts';
import { decodeVmdkHeader, tableEntries, type VmdkHeader, vmdkFlags } from './header.ts';
import { decodeGrainMarker, grainMarkerBytes, isMarker } from './markers.ts';

/** Grain tables and unpacked grains that are kept in memory. */
const cachedTables = 1024;
const cachedGrains = 16;
const maxDescriptorSectors = 2048;

interface VmdkDevice extends BlockDevice {
  readonly header: VmdkHeader;
  readonly type: VmdkType;
  /** What the file stores, normalised; everything else reads as zero. */
  dataExtents(): Extent[];
}

/**
 * The disk in a VMDK file that is whole in itself, sparse or streamed, for reading only. Throws what
 * {@link decodeVmdkHeader} and {@link vmdkTypeOf} throw, and (kind `corrupt`) `vmdk.footer` and `vmdk.table`; reading
 * throws `vmdk.table` and `vmdk.grain`, writing `vmdk.read-only` (kind `refused`).
 */
export function openVmdk(file: BlockDevice): VmdkDevice {
  const first = decodeVmdkHeader(file.read(0, Math.min(512, file.size)), file.size);
  const type = vmdkTypeOf(descriptorOf(file, first));
  const header = first.directoryOffset === undefined ? footerOf(file) : first;
  const { capacity, grainSectors, flags } = header;
  const size = capacity * 512;
  const grainBytes = grainSectors * 512;
  const tables = Math.ceil(capacity / (grainSectors * tableEntries));
  const directory = entriesAt(file, header.directoryOffset ?? 0, tables, 'the grain directory');
  const known = new Map<number, Uint32Array>();
  const grains = new Map<number, Uint8Array>();

  const tableOf = (index: number): Uint32Array | undefined => {
    const offset = directory[index] ?? 0;
    if (offset === 0) return undefined;
    return remembered(known, cachedTables, index, () =>
      entriesAt(file, offset, tableEntries, `grain table ${index}`),
    );
  };

  /** Sector of the file at which a grain is, or undefined where it is zero; 1 says so, too. */
  const placeOf = (grain: number): number | undefined => {
    const entry = tableOf(Math.floor(grain / tableEntries))?.[grain % tableEntries] ?? 0;
    return entry > 1 ? entry : undefined;
  };

  /** Part of a grain; of the last one the file may have less than all. */
  const readGrain = (grain: number, place: number, within: number, count: number): Uint8Array => {
    if (!(flags & vmdkFlags.compressed)) {
      const start = place * 512 + within;
      assertIn(file, start, count, grain);
      return file.read(start, count);
    }
    const whole = remembered(grains, cachedGrains, grain, () =>
      unpackGrain(file, place, grain * grainSectors, grainBytes),
    );
    return whole.subarray(within, within + count);
  };

  return {
    header,
    type,
    size,
    read(offset, length) {
      assertInRange(size, offset, length);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const grain = Math.floor((offset + done) / grainBytes);
        const within = (offset + done) % grainBytes;
        const count = Math.min(grainBytes - within, length - done);
        const place = placeOf(grain);
        if (place !== undefined) bytes.set(readGrain(grain, place, within, count), done);
        done += count;
      }
      return bytes;
    },
    write() {
      const message =
        'VMDK: expected a raw image to write to, found a VMDK file, which is only read';
      throw new TwinbankError('refused', 'vmdk.read-only', message);
    },
    flush() {},
    dataExtents() {
      const extents: Extent[] = [];
      const seen = new Set<number>();
      for (let index = 0; index < tables; index++) {
        const table = tableOf(index);
        if (!table) continue;
        const offset = directory[index] ?? 0;
        if (seen.has(offset))
          throw broken(`grain table ${index}`, 'a table of its own', 'one twice');
        seen.add(offset);
        for (const [entry, place] of table.entries()) {
          const at = (index * tableEntries + entry) * grainBytes;
          if (place <= 1 || at >= size) continue;
          extents.push({ offset: at, length: Math.min(grainBytes, size - at) });
        }
      }
      return normalizeExtents(extents);
    },
  };
}

function descriptorOf(file: BlockDevice, header: VmdkHeader): Uint8Array {
  const { descriptorOffset: offset, descriptorSectors: sectors } = header;
  const fits = sectors <= maxDescriptorSectors && (offset + sectors) * 512 <= file.size;
  if (offset === 0 || sectors === 0 || !fits) {
    throw broken('header', 'a descriptor in the file', `${sectors} sectors at ${offset}`);
  }
  return file.read(offset * 512, sectors * 512);
}

/** The second header, before the end of a stream: it was written when all was known. */
function footerOf(file: BlockDevice): VmdkHeader {
  const start = file.size - 3 * 512;
  const sectors = start >= 512 ? file.read(start, 3 * 512) : new Uint8Array(3 * 512);
  const [marker, footer, end] = [0, 512, 1024].map((at) => sectors.subarray(at, at + 512));
  const ok =
    start >= 512 && marker && end && isMarker(marker, 'footer') && isMarker(end, 'endOfStream');
  if (!ok || !footer) {
    const message =
      'VMDK: expected a footer and the end of the stream, found none: it is cut short';
    throw new TwinbankError('corrupt', 'vmdk.footer', message);
  }
  const header = decodeVmdkHeader(footer, file.size);
  if (header.directoryOffset !== undefined) return header;
  throw broken('footer', 'the place of the grain directory', 'none');
}

/** `count` entries of 32 bits from a sector of the file on. */
function entriesAt(file: BlockDevice, sector: number, count: number, what: string): Uint32Array {
  if (sector * 512 + count * 4 > file.size || (sector === 0 && count > 0)) {
    throw broken(what, `${count} entries within ${file.size} bytes`, `sector ${sector}`);
  }
  const bytes = Buffer.from(file.read(sector * 512, count * 4));
  return Uint32Array.from({ length: count }, (_, index) => bytes.readUInt32LE(index * 4));
}

function unpackGrain(
  file: BlockDevice,
  place: number,
  sector: number,
  grainBytes: number,
): Uint8Array {
  const start = place * 512;
  assertIn(file, start, grainMarkerBytes, sector);
  const marker = decodeGrainMarker(file.read(start, grainMarkerBytes));
  const where = `grain of sector ${sector}`;
  if (marker.sector !== sector)
    throw grainError(where, 'its own marker', `sector ${marker.sector}`);
  // What deflate makes of bytes that it cannot pack is hardly longer than they are.
  if (marker.length > grainBytes + 4096) throw grainError(where, 'less', `${marker.length} bytes`);
  assertIn(file, start + grainMarkerBytes, marker.length, sector);
  const packed = file.read(start + grainMarkerBytes, marker.length);
  try {
    const bytes = inflateSync(packed, { maxOutputLength: grainBytes });
    const whole = new Uint8Array(grainBytes);
    whole.set(bytes);
    return whole;
  } catch (error) {
    throw grainError(where, 'a zlib stream of a grain', (error as Error).message);
  }
}

function remembered<V>(cache: Map<number, V>, most: number, key: number, make: () => V): V {
  const there = cache.get(key);
  if (there !== undefined) return there;
  const value = make();
  if (cache.size >= most) cache.delete(cache.keys().next().value ?? 0);
  cache.set(key, value);
  return value;
}

function assertIn(file: BlockDevice, start: number, length: number, grain: number): void {
  if (start + length <= file.size) return;
  throw broken(`grain ${grain}`, `it within ${file.size} bytes`, `byte ${start}`);
}

function broken(place: string, expected: string, found: string): TwinbankError {
  const message = `VMDK ${place}: expected ${expected}, found ${found}`;
  return new TwinbankError('corrupt', 'vmdk.table', message);
}

function grainError(place: string, expected: string, found: string): TwinbankError {
  return new TwinbankError(
    'corrupt',
    'vmdk.grain',
    `VMDK ${place}: expected ${expected}, found ${found}`,
  );
}
