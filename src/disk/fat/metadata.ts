import { TwinbankError } from '../../diagnostics/error.ts';
import type { BlockDevice } from '../block-device.ts';
import type { BootSector } from './boot-sector.ts';
import { checkTree, type TreeCheck } from './check.ts';
import { attribute, type ShortEntry } from './dir-entry.ts';
import type { Directory, DirectoryEntry } from './directory.ts';
import type { DirectoryTree } from './directory-tree.ts';
import { directoryFull, noSpace } from './fat-error.ts';
import type { FatTable } from './fat-table.ts';
import { clusterBytes, clusterOffset } from './geometry.ts';
import { assertName } from './long-name.ts';

/** Table and directories together: what takes clusters and entries, and the order in which they are written. */
export class FatMetadata {
  readonly #device: BlockDevice;
  readonly #boot: BootSector;
  readonly #fat: FatTable;
  readonly #tree: DirectoryTree;

  constructor(device: BlockDevice, boot: BootSector, fat: FatTable, tree: DirectoryTree) {
    this.#device = device;
    this.#boot = boot;
    this.#fat = fat;
    this.#tree = tree;
  }

  check(): TreeCheck {
    return checkTree(this.#boot, this.#fat, (place) => this.#tree.load(place));
  }

  /**
   * Lets the next flush make the copies of the table equal again, and free the clusters in no file, which is
   * what a power cut between table and directories leaves. Throws the first error that {@link check} finds.
   */
  repair(): void {
    const { findings, lost } = this.check();
    const broken = findings.find(({ severity }) => severity === 'error');
    if (broken) throw new TwinbankError('corrupt', broken.code, broken.message);
    this.#fat.repairCopies();
    this.#fat.cancel(lost);
  }

  /** Writes everything, and waits for the device after each stage. */
  flush(): void {
    this.#commit(() => this.#device.flush());
    this.#device.flush();
  }

  /** Writes everything in the same order without waiting. */
  writeBack(): void {
    this.#commit(() => {});
  }

  /** A chain of `count` clusters, in one run where there is one. Throws `fat.no-space`. */
  allocate(count: number, path: string): number[] {
    if (count === 0) return [];
    // Released clusters may be used only once the directories that knew them are on disk.
    if (count > this.#fat.freeClusters) this.flush();
    const clusters = this.#fat.allocate(count);
    if (clusters) return clusters;
    const unit = clusterBytes(this.#boot);
    throw noSpace(path, count * unit, this.#fat.freeClusters * unit);
  }

  /** Adds an entry to a directory, which grows for it. Throws `fat.directory-full`, `fat.no-space`. */
  addEntry(
    directory: Directory,
    name: string,
    entry: Omit<ShortEntry, 'name' | 'caseFlags'>,
  ): DirectoryEntry {
    for (;;) {
      const added = directory.add(name, entry);
      if (added) return added;
      this.#grow(directory);
    }
  }

  /** Adds an empty directory. Throws as {@link addEntry} does, and `fat.name`. */
  makeDirectory(parent: Directory, name: string, time: number): DirectoryEntry {
    assertName(name);
    const clusters = this.allocate(1, `${parent.path}${name}`);
    const [firstCluster = 0] = clusters;
    try {
      this.#tree.writeNew(firstCluster, parent, time);
      const attributes = attribute.directory;
      return this.addEntry(parent, name, { firstCluster, size: 0, time, attributes });
    } catch (error) {
      this.#fat.cancel(clusters);
      throw error;
    }
  }

  #commit(barrier: () => void): void {
    if (this.#fat.writeDirty(this.#device)) barrier();
    if (this.#tree.writeDirty()) barrier();
    if (this.#fat.commitReleased()) this.#fat.writeDirty(this.#device);
  }

  #grow(directory: Directory): void {
    if (!directory.canGrow) throw directoryFull(directory.path);
    const last = this.#fat.chain(directory.firstCluster, directory.path).at(-1);
    const [cluster] = this.allocate(1, directory.path);
    if (cluster === undefined || last === undefined) throw directoryFull(directory.path);
    const offset = clusterOffset(this.#boot, cluster);
    this.#device.write(offset, new Uint8Array(clusterBytes(this.#boot)));
    // The chain's new end has to be on disk before anything that leads to it.
    this.#fat.writeDirty(this.#device);
    this.#device.flush();
    this.#fat.append(last, cluster);
    directory.grow(offset);
  }
}
