import type { BlockDevice } from '../block-device.ts';
import type { Extent } from '../extents.ts';
import type { Finding } from '../finding.ts';
import { type BootSector, decodeBootSector } from './boot-sector.ts';
import { attribute } from './dir-entry.ts';
import type { DirectoryEntry } from './directory.ts';
import { DirectoryTree, isDirectory, splitPath } from './directory-tree.ts';
import { describeEntry, type FatEntry } from './fat-entry.ts';
import {
  chainShort,
  isADirectory,
  noSpace,
  notADirectory,
  notEmpty,
  notFound,
  outOfFile,
} from './fat-error.ts';
import { FatTable } from './fat-table.ts';
import { fatEpoch } from './fat-time.ts';
import {
  clusterExtents,
  contentSize,
  type FileContent,
  readExtents,
  sliceExtents,
  writeExtents,
} from './file-data.ts';
import { clusterBytes } from './geometry.ts';
import { assertName } from './long-name.ts';
import { FatMetadata } from './metadata.ts';

/** Writes a file's bytes to where its clusters are. */
type Fill = (extents: Extent[]) => void;

/**
 * Opens the FAT16 volume that fills a device. `time` (seconds since 1970, default 1980-01-01) is given to
 * what is written without a time of its own. Throws as {@link decodeBootSector} does.
 */
export function openFat(device: BlockDevice, options: { time?: number } = {}): FatVolume {
  return new FatVolume(device, options.time ?? fatEpoch);
}

/**
 * A FAT16 volume. Paths have `/` between names, which are found in any case. File data go straight to the
 * device; the table and the directories stay in memory until {@link flush} or {@link writeBack}, which
 * write the table with what is new, then the directories, then the table with what is free again: cut
 * short at any point, every file on disk is the old one or the new one.
 *
 * Every method throws kind `corrupt` (`fat.chain-range`, `fat.chain-loop`, `fat.chain-short` ...) where the
 * volume is broken, and kind `io` for what cannot be done (fat-error.ts). The first change, and `walk`,
 * check the whole volume before, and take back the clusters that a power cut has left in no file.
 */
export class FatVolume {
  readonly boot: BootSector;
  readonly clusterBytes: number;
  readonly #device: BlockDevice;
  readonly #fat: FatTable;
  readonly #tree: DirectoryTree;
  readonly #metadata: FatMetadata;
  readonly #time: number;
  #sound = false;

  constructor(device: BlockDevice, time: number) {
    const sector = device.size < 512 ? new Uint8Array(512) : device.read(0, 512);
    this.boot = decodeBootSector(sector, device.size);
    this.clusterBytes = clusterBytes(this.boot);
    this.#device = device;
    this.#fat = new FatTable(this.boot, device);
    this.#tree = new DirectoryTree(device, this.boot, this.#fat);
    this.#metadata = new FatMetadata(device, this.boot, this.#fat, this.#tree);
    this.#time = time;
  }

  /** Bytes in clusters that are free, or will be with the next flush. */
  get freeBytes(): number {
    return (this.#fat.freeClusters + this.#fat.releasedClusters) * this.clusterBytes;
  }

  /** The entries of a directory, in the order in which they stand on disk. */
  list(path = '/'): FatEntry[] {
    return this.#tree.directory(path).entries.map(describeEntry);
  }

  /** What stands at a path, or undefined; throws where a directory above it is missing. */
  stat(path: string): FatEntry | undefined {
    const { entry } = this.#tree.locate(path);
    return entry && describeEntry(entry);
  }

  /** Every file and directory below the root, each after the directory it is in, with its path. */
  walk(): (FatEntry & { path: string })[] {
    this.#assertSound();
    const found: (FatEntry & { path: string })[] = [];
    const pending = [this.#tree.root];
    for (let directory = pending.pop(); directory; directory = pending.pop()) {
      for (const entry of directory.entries) {
        found.push({ ...describeEntry(entry), path: `${directory.path}${entry.longName}` });
        if (isDirectory(entry)) pending.push(this.#tree.child(directory, entry));
      }
    }
    return found;
  }

  read(path: string): Uint8Array {
    return readExtents(this.#device, this.extents(path));
  }

  /** `length` bytes of a file from `offset`; throws `fat.out-of-file` where they are not all in it. */
  readRange(path: string, offset: number, length: number): Uint8Array {
    return readExtents(this.#device, this.#range(path, offset, length));
  }

  /** Where a file's bytes are in the volume. */
  extents(path: string): Extent[] {
    return this.#extentsOf(this.#file(path), path);
  }

  /** Writes over bytes of a file where they are; table, directory and size stay as they are. */
  overwrite(path: string, offset: number, bytes: Uint8Array): void {
    writeExtents(this.#device, this.#range(path, offset, bytes.length), bytes);
  }

  /**
   * Makes or replaces a file. The content goes to free clusters, in one run where there is one; the old
   * clusters are given back with the next flush. Only where there is no room for both, the old content is
   * given up first.
   */
  write(path: string, content: FileContent, options: { time?: number } = {}): void {
    this.#put(path, contentSize(content), options, (extents) =>
      writeExtents(this.#device, extents, content),
    );
  }

  /** The same without the content: returns where it goes. The caller writes it before the next flush. */
  place(path: string, size: number, options: { time?: number } = {}): Extent[] {
    let placed: Extent[] = [];
    this.#put(path, size, options, (extents) => {
      placed = extents;
    });
    return placed;
  }

  #put(path: string, size: number, options: { time?: number }, fill: Fill): void {
    this.#assertSound();
    const { directory, name, entry } = this.#tree.locate(path);
    if (entry && isDirectory(entry)) throw isADirectory(path);
    if (!entry) assertName(name);
    const time = options.time ?? this.#time;
    let target = entry;
    let old = entry ? this.#clustersOf(entry, path) : [];
    const count = Math.ceil(size / this.clusterBytes);
    if (count * this.clusterBytes > this.freeBytes) {
      const room = this.freeBytes + old.length * this.clusterBytes;
      if (!target || count * this.clusterBytes > room) throw noSpace(path, size, room);
      target = directory.update(target, { firstCluster: 0, size: 0, time });
      this.#fat.release(old);
      old = [];
    }
    const clusters = this.#metadata.allocate(count, path);
    const placed = { firstCluster: clusters[0] ?? 0, size, time };
    try {
      fill(clusterExtents(this.boot, clusters, size));
      if (target) directory.update(target, placed);
      else this.#metadata.addEntry(directory, name, { ...placed, attributes: attribute.archive });
    } catch (error) {
      this.#fat.cancel(clusters);
      throw error;
    }
    this.#fat.release(old);
  }

  /** Makes a directory and the missing ones above it; one that is there is left alone. */
  mkdir(path: string, options: { time?: number } = {}): void {
    this.#assertSound();
    const time = options.time ?? this.#time;
    let directory = this.#tree.root;
    for (const name of splitPath(path)) {
      const entry = directory.find(name) ?? this.#metadata.makeDirectory(directory, name, time);
      if (!isDirectory(entry)) throw notADirectory(`${directory.path}${name}`);
      directory = this.#tree.child(directory, entry);
    }
  }

  /** Removes a file or an empty directory. */
  remove(path: string): void {
    this.#assertSound();
    const { directory, entry } = this.#tree.locate(path);
    if (!entry) throw notFound(path);
    if (isDirectory(entry) && this.#tree.child(directory, entry).entries.length > 0) {
      throw notEmpty(path);
    }
    const clusters = this.#clustersOf(entry, path);
    directory.remove(entry);
    if (isDirectory(entry)) this.#tree.forget(entry.firstCluster);
    this.#fat.release(clusters);
  }

  /** Everything that is wrong with the volume, as fsck looks for it. */
  check(): Finding[] {
    return this.#metadata.check().findings;
  }

  /** Writes table and directories in the safe order, and waits for the device after each of them. */
  flush(): void {
    this.#metadata.flush();
  }

  /** The same without waiting, for a new image. */
  writeBack(): void {
    this.#metadata.writeBack();
  }

  #assertSound(): void {
    if (this.#sound) return;
    this.#metadata.repair();
    this.#sound = true;
  }

  #file(path: string): DirectoryEntry {
    const { entry } = this.#tree.locate(path);
    if (!entry) throw notFound(path);
    if (isDirectory(entry)) throw isADirectory(path);
    return entry;
  }

  #clustersOf(entry: DirectoryEntry, path: string): number[] {
    return entry.firstCluster === 0 && !isDirectory(entry)
      ? []
      : this.#fat.chain(entry.firstCluster, path);
  }

  #extentsOf(entry: DirectoryEntry, path: string): Extent[] {
    const clusters = entry.size === 0 ? [] : this.#fat.chain(entry.firstCluster, path);
    const needed = Math.ceil(entry.size / this.clusterBytes);
    if (clusters.length >= needed) return clusterExtents(this.boot, clusters, entry.size);
    throw chainShort(path, { needed, found: clusters.length }, entry);
  }

  #range(path: string, offset: number, length: number): Extent[] {
    const entry = this.#file(path);
    const within = offset >= 0 && length >= 0 && offset + length <= entry.size;
    if (!within) throw outOfFile(path, entry.size, offset, length);
    return sliceExtents(this.#extentsOf(entry, path), offset, length);
  }
}
