import type { Finding } from '../finding.ts';
import type { BootSector } from './boot-sector.ts';
import { attribute } from './dir-entry.ts';
import { type Directory, type DirectoryEntry, foldCase, maxDirectoryBytes } from './directory.ts';
import type { FatTable } from './fat-table.ts';
import { clusterBytes } from './geometry.ts';
import { isValidName } from './long-name.ts';

/** Nobody's paths are deeper; what is, is a trap for recursive readers. */
const maxDepth = 128;
const maxFindings = 200;

interface Place {
  /** With a slash at the end. */
  readonly path: string;
  readonly firstCluster: number;
  readonly parentCluster: number;
  readonly depth: number;
  readonly clusters: readonly number[];
}

export interface TreeCheck {
  readonly findings: Finding[];
  /** Clusters that are taken and in no file. */
  readonly lost: readonly number[];
}

/**
 * Looks at every cluster and entry of a volume once, as fsck does; stops after 200 findings. Errors:
 * `fat.chain-range`, `fat.chain-loop`, `fat.chain-crossed`, `fat.chain-short`, `fat.duplicate-name`,
 * `fat.bad-name`, `fat.too-deep`, `fat.directory-size`. Warnings: `fat.copies-differ`, `fat.media`,
 * `fat.chain-long`, `fat.lost-clusters`, `fat.dot-entries`, `fat.long-name-orphans`.
 */
export function checkTree(
  boot: BootSector,
  fat: FatTable,
  open: (place: Pick<Place, 'path' | 'firstCluster' | 'clusters'>) => Directory,
): TreeCheck {
  const findings: Finding[] = [];
  const report = (severity: Finding['severity'], code: string, message: string) =>
    findings.push({ severity, code, message });
  if (fat.differingSectors.length > 0) {
    const [first] = fat.differingSectors;
    const message = `expected two equal FATs, found ${fat.differingSectors.length} sectors that differ, the first is ${first}`;
    report('warning', 'fat.copies-differ', message);
  }
  if ((fat.entry(0) & 0xff) !== boot.mediaDescriptor) {
    const expected = boot.mediaDescriptor.toString(16);
    const found = (fat.entry(0) & 0xff).toString(16);
    report('warning', 'fat.media', `FAT: expected media descriptor ${expected}, found ${found}`);
  }
  const claims = new Claims(fat, boot.clusters, report);
  const unit = clusterBytes(boot);
  const pending: Place[] = [
    { path: '/', firstCluster: 0, parentCluster: 0, depth: 0, clusters: [] },
  ];
  for (let place = pending.pop(); place; place = pending.pop()) {
    const directory = open(place);
    checkDirectory(directory, place, report);
    const names = new Set<string>();
    for (const entry of directory.entries) {
      if (findings.length >= maxFindings) return { findings, lost: [] };
      const path = place.path + entry.longName;
      const name = foldCase(entry.longName);
      if (names.has(name)) report('error', 'fat.duplicate-name', `${path}: found this name twice`);
      names.add(name);
      if (!isValidName(entry.longName)) {
        report('error', 'fat.bad-name', `${JSON.stringify(path)}: found a name that FAT forbids`);
      }
      const clusters = claims.claim(entry, path);
      if ((entry.attributes & attribute.directory) === 0) {
        checkLength(entry, path, clusters?.length, unit, report);
        continue;
      }
      if (!clusters) continue;
      const depth = place.depth + 1;
      if (depth > maxDepth) {
        report('error', 'fat.too-deep', `${path}: expected at most ${maxDepth} directories deep`);
      } else if (clusters.length * unit > maxDirectoryBytes) {
        const message = `${path}: expected a directory of at most ${maxDirectoryBytes} bytes, found ${clusters.length * unit}`;
        report('error', 'fat.directory-size', message);
      } else {
        const { firstCluster } = entry;
        const parentCluster = place.firstCluster;
        pending.push({ path: `${path}/`, firstCluster, parentCluster, depth, clusters });
      }
    }
  }
  const lost = claims.unclaimed();
  const unknown = lost.length - fat.releasedClusters;
  if (unknown > 0) {
    const message = `expected every used cluster in a file, found ${unknown} clusters in none`;
    report('warning', 'fat.lost-clusters', message);
  }
  return { findings, lost };
}

type Report = (severity: Finding['severity'], code: string, message: string) => void;

/** Which path each cluster belongs to. */
class Claims {
  readonly #fat: FatTable;
  readonly #report: Report;
  readonly #owners: Uint16Array;
  readonly #paths: string[] = [];

  constructor(fat: FatTable, clusters: number, report: Report) {
    this.#fat = fat;
    this.#report = report;
    this.#owners = new Uint16Array(clusters + 2);
  }

  /** The clusters of an entry's chain, or undefined after an error in it. */
  claim(entry: DirectoryEntry, path: string): number[] | undefined {
    const isDirectory = (entry.attributes & attribute.directory) !== 0;
    if (entry.firstCluster === 0 && !isDirectory) return [];
    const clusters: number[] = [];
    let owner = 0;
    for (let cluster = entry.firstCluster; ; cluster = this.#fat.entry(cluster)) {
      if (clusters.length > 0 && this.#fat.isEnd(cluster)) return clusters;
      if (!this.#fat.isCluster(cluster)) {
        const last = this.#owners.length - 1;
        const message = `${path}: expected a cluster from 2 to ${last} after ${placeAfter(clusters)}, found ${cluster}`;
        this.#report('error', 'fat.chain-range', message);
        return undefined;
      }
      const other = this.#owners[cluster] ?? 0;
      if (other !== 0) {
        const loop = other === owner;
        const whose = loop
          ? 'which it has passed before'
          : `which belongs to ${this.#paths[other - 1]}`;
        const message = `${path}: expected a cluster of its own after ${placeAfter(clusters)}, found ${cluster}, ${whose}`;
        this.#report('error', loop ? 'fat.chain-loop' : 'fat.chain-crossed', message);
        return undefined;
      }
      if (owner === 0) owner = this.#paths.push(path);
      this.#owners[cluster] = owner;
      clusters.push(cluster);
    }
  }

  /** Clusters that are neither free nor bad nor anybody's. */
  unclaimed(): number[] {
    const clusters: number[] = [];
    for (let cluster = 2; cluster < this.#owners.length; cluster++) {
      const value = this.#fat.entry(cluster);
      if (value !== 0 && value !== 0xfff7 && this.#owners[cluster] === 0) clusters.push(cluster);
    }
    return clusters;
  }
}

/** Where the chain so far leads on. */
function placeAfter(clusters: readonly number[]): string {
  const last = clusters.at(-1);
  return last === undefined ? 'its directory entry' : `cluster ${last}`;
}

function checkDirectory(directory: Directory, place: Place, report: Report): void {
  if (directory.orphanedLongEntries > 0) {
    const message = `${place.path}: found ${directory.orphanedLongEntries} long-name entries without a file`;
    report('warning', 'fat.long-name-orphans', message);
  }
  if (place.firstCluster === 0) return;
  const expected = [place.firstCluster, place.parentCluster];
  const found = [directory.dotEntry(0).firstCluster, directory.dotEntry(1).firstCluster];
  if (found.join() !== expected.join()) {
    const message = `${place.path}: expected "." and ".." to name clusters ${expected.join(' and ')}, found ${found.join(' and ')}`;
    report('warning', 'fat.dot-entries', message);
  }
}

function checkLength(
  entry: DirectoryEntry,
  path: string,
  clusters: number | undefined,
  unit: number,
  report: Report,
): void {
  if (clusters === undefined) return;
  const needed = Math.ceil(entry.size / unit);
  if (clusters === needed) return;
  const message = `${path}: expected ${needed} clusters for ${entry.size} bytes, found ${clusters}`;
  if (clusters < needed) report('error', 'fat.chain-short', message);
  else report('warning', 'fat.chain-long', message);
}
