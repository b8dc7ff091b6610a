import { TwinbankError } from '../../diagnostics/error.ts';
import type { BlockDevice } from '../block-device.ts';
import { DirtySectors } from './dirty-sectors.ts';
import type { FatGeometry } from './geometry.ts';

const free = 0;
const endOfChain = 0xffff;
const firstEndMark = 0xfff8;

/**
 * The file allocation table, held in memory (at most 128 KiB): which cluster follows which (FAT spec 1.03
 * section 4). Clusters that are released stay taken until {@link commitReleased}, so that nothing which a
 * directory on disk still points to is overwritten before that directory says otherwise.
 */
export class FatTable {
  readonly #geometry: FatGeometry;
  readonly #entries: Uint16Array;
  readonly #dirty = new DirtySectors();
  #differingSectors: readonly number[];
  #released: number[] = [];
  #freeClusters: number;
  /** Every cluster below it is taken. */
  #lowestFree = 2;

  constructor(geometry: FatGeometry, device: BlockDevice) {
    this.#geometry = geometry;
    const { reservedSectors, sectorsPerFat, fatCount, clusters } = geometry;
    const length = sectorsPerFat * 512;
    const bytes = device.read(reservedSectors * 512, length);
    this.#entries = decode(bytes);
    const start = (reservedSectors + sectorsPerFat) * 512;
    this.#differingSectors = fatCount === 2 ? differences(bytes, device.read(start, length)) : [];
    this.#freeClusters = countFree(this.#entries.subarray(2, clusters + 2));
  }

  /** The raw entry: 0 free, 2 and up the next cluster, 0xfff7 bad, 0xfff8 and up the end. */
  entry(cluster: number): number {
    return this.#entries[cluster] ?? 0;
  }

  isCluster(value: number): boolean {
    return value >= 2 && value < this.#geometry.clusters + 2;
  }

  isEnd(value: number): boolean {
    return value >= firstEndMark;
  }

  get freeClusters(): number {
    return this.#freeClusters;
  }

  get releasedClusters(): number {
    return this.#released.length;
  }

  /**
   * The clusters of a chain, in order. Throws `fat.chain-range` where it leaves the volume or runs into a
   * free or bad cluster, `fat.chain-loop` where it is longer than the volume (or than `limit` clusters).
   */
  chain(first: number, path: string, limit = this.#geometry.clusters): number[] {
    const clusters: number[] = [];
    for (let cluster = first; ; cluster = this.entry(cluster)) {
      if (clusters.length > 0 && this.isEnd(cluster)) return clusters;
      if (!this.isCluster(cluster)) {
        const after = clusters.at(-1);
        const place = after === undefined ? 'its directory entry' : `cluster ${after}`;
        throw chainError(
          'fat.chain-range',
          path,
          `a cluster from 2 to ${this.#geometry.clusters + 1} after ${place}`,
          String(cluster),
        );
      }
      if (clusters.length >= limit) {
        throw chainError(
          'fat.chain-loop',
          path,
          `a chain of at most ${limit} clusters`,
          `more (at cluster ${cluster}), as in a loop`,
        );
      }
      clusters.push(cluster);
    }
  }

  /**
   * Links `count` free clusters into a new chain, in one run where there is one, and returns them; or
   * undefined, and nothing has changed, where there are not so many.
   */
  allocate(count: number): number[] | undefined {
    if (count > this.#freeClusters) return undefined;
    const clusters = this.#findRun(count) ?? this.#findAny(count);
    let next = endOfChain;
    for (let index = count - 1; index >= 0; index--) {
      const cluster = clusters[index] ?? 0;
      this.#set(cluster, next);
      next = cluster;
    }
    this.#freeClusters -= count;
    return clusters;
  }

  /** Links a chain of one's own behind another. */
  append(last: number, next: number): void {
    this.#set(last, next);
  }

  /** Undoes an {@link allocate} that no directory knows of yet. */
  cancel(clusters: readonly number[]): void {
    for (const cluster of clusters) {
      this.#set(cluster, free);
      this.#lowestFree = Math.min(this.#lowestFree, cluster);
    }
    this.#freeClusters += clusters.length;
  }

  /** Gives clusters back as soon as the directories that knew them have been written. */
  release(clusters: readonly number[]): void {
    for (const cluster of clusters) this.#released.push(cluster);
  }

  /** Marks the released clusters free in memory; true if there were any. */
  commitReleased(): boolean {
    if (this.#released.length === 0) return false;
    this.cancel(this.#released);
    this.#released = [];
    return true;
  }

  /** Writes the changed sectors of every copy; true if there were any. */
  writeDirty(device: BlockDevice): boolean {
    const runs = this.#dirty.take();
    if (runs.length === 0) return false;
    const { reservedSectors, sectorsPerFat, fatCount } = this.#geometry;
    for (let copy = 0; copy < fatCount; copy++) {
      const start = reservedSectors + copy * sectorsPerFat;
      for (const { sector, count } of runs) {
        const entries = this.#entries.subarray(sector * 256, (sector + count) * 256);
        device.write((start + sector) * 512, encode(entries));
      }
    }
    return true;
  }

  /** FAT sectors in which the copies differ; the first copy counts. */
  get differingSectors(): readonly number[] {
    return this.#differingSectors;
  }

  /** Lets the next {@link writeDirty} make the copies equal again. */
  repairCopies(): void {
    for (const sector of this.#differingSectors) this.#dirty.add(sector);
    this.#differingSectors = [];
  }

  #set(cluster: number, value: number): void {
    this.#entries[cluster] = value;
    this.#dirty.add(cluster >>> 8);
  }

  #findRun(count: number): number[] | undefined {
    const end = this.#geometry.clusters + 2;
    while (this.#lowestFree < end && this.#entries[this.#lowestFree] !== free) this.#lowestFree++;
    let start = this.#lowestFree;
    for (let cluster = start; cluster < end; cluster++) {
      if (this.#entries[cluster] !== free) start = cluster + 1;
      else if (cluster - start + 1 === count) {
        const run = new Array<number>(count);
        for (let index = 0; index < count; index++) run[index] = start + index;
        return run;
      }
    }
    return undefined;
  }

  #findAny(count: number): number[] {
    const clusters: number[] = [];
    for (let cluster = this.#lowestFree; clusters.length < count; cluster++) {
      if (this.#entries[cluster] === free) clusters.push(cluster);
    }
    return clusters;
  }
}

/** The first entries of a new table: the media descriptor, and an end mark that says "clean" (4.2). */
export function encodeEmptyFat(sectorsPerFat: number, mediaDescriptor: number): Uint8Array {
  const bytes = new Uint8Array(sectorsPerFat * 512);
  bytes.set([mediaDescriptor, 0xff, 0xff, 0xff]);
  return bytes;
}

/** Sectors in which two copies differ. */
function differences(one: Uint8Array, other: Uint8Array): number[] {
  if (Buffer.compare(one, other) === 0) return [];
  const differing: number[] = [];
  for (let at = 0; at < one.length; at += 512) {
    if (Buffer.compare(one.subarray(at, at + 512), other.subarray(at, at + 512)) !== 0) {
      differing.push(at / 512);
    }
  }
  return differing;
}

function countFree(entries: Uint16Array): number {
  let count = 0;
  for (const entry of entries) if (entry === free) count++;
  return count;
}

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function decode(bytes: Uint8Array): Uint16Array {
  // A loop over 65,000 entries is slow the first time, and most tables are read once.
  if (littleEndian) return new Uint16Array(new Uint8Array(bytes).buffer);
  const entries = new Uint16Array(bytes.length / 2);
  for (let index = 0; index < entries.length; index++) {
    entries[index] = (bytes[2 * index] ?? 0) | ((bytes[2 * index + 1] ?? 0) << 8);
  }
  return entries;
}

function encode(entries: Uint16Array): Uint8Array {
  if (littleEndian) return new Uint8Array(entries.slice().buffer);
  const bytes = new Uint8Array(entries.length * 2);
  for (let index = 0; index < entries.length; index++) {
    const value = entries[index] ?? 0;
    bytes[2 * index] = value;
    bytes[2 * index + 1] = value >>> 8;
  }
  return bytes;
}

function chainError(code: string, path: string, expected: string, found: string): TwinbankError {
  return new TwinbankError('corrupt', code, `${path}: expected ${expected}, found ${found}`, {
    data: { path, expected, found },
  });
}
