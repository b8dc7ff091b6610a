import { TwinbankError } from '../../diagnostics/error.ts';
import { exactSize } from '../../diagnostics/size.ts';

/** A volume is FAT16 when, and only when, it has so many clusters (FAT spec 1.03 section 3.5). */
export const minClusters = 4085;
export const maxClusters = 65524;
/** Others' code is off by a few at the limits, so the specification advises to keep away from them. */
const margin = 16;

const sectorBytes = 512;
const rootEntries = 512;
const fatCount = 2;

/** Where everything in a FAT16 volume is; sectors of 512 bytes from the start of the volume. */
export interface FatGeometry {
  readonly totalSectors: number;
  readonly sectorsPerCluster: number;
  /** Sectors before the first FAT, the boot sector included. */
  readonly reservedSectors: number;
  readonly fatCount: number;
  readonly sectorsPerFat: number;
  /** Entries of 32 bytes in the root directory, which cannot grow. */
  readonly rootEntries: number;
  /** Data clusters; they are numbered from 2. */
  readonly clusters: number;
}

export function rootOffset(g: FatGeometry): number {
  return (g.reservedSectors + g.fatCount * g.sectorsPerFat) * sectorBytes;
}

export function dataOffset(g: FatGeometry): number {
  return rootOffset(g) + g.rootEntries * 32;
}

export function clusterBytes(g: FatGeometry): number {
  return g.sectorsPerCluster * sectorBytes;
}

/** Byte offset of a cluster in the volume. */
export function clusterOffset(g: FatGeometry, cluster: number): number {
  return dataOffset(g) + (cluster - 2) * clusterBytes(g);
}

/** The specification's table for FAT16: up to so many sectors, so many sectors a cluster (section 3.5). */
const preferredClusters = [
  [32_680, 2],
  [262_144, 4],
  [524_288, 8],
  [1_048_576, 16],
  [2_097_152, 32],
  [4_194_304, 64],
] as const;

/**
 * The layout of a new volume in `size` bytes. The reserved area is rounded up so that the data begin at a
 * multiple of 4 KiB, which flash devices and page caches want. Throws `fat.size` (kind `recipe`) where no
 * FAT16 of that size exists: less than about 2 MiB, more than 2 GiB, or a cluster size that gives too few
 * or too many clusters.
 */
export function planFat16(
  size: number,
  options: { reservedSectors?: number; sectorsPerCluster?: number } = {},
): FatGeometry {
  const sectors = Math.floor(size / sectorBytes);
  const reserved = options.reservedSectors ?? 2;
  if (options.sectorsPerCluster !== undefined) {
    const plan = layOut(sectors, options.sectorsPerCluster, reserved);
    if (plan.clusters >= minClusters && plan.clusters <= maxClusters) return plan;
    throw impossible(
      size,
      `${options.sectorsPerCluster} sectors a cluster to give ${minClusters} to ${maxClusters} clusters`,
      String(plan.clusters),
    );
  }
  const preferred = preferredClusters.find(([limit]) => sectors <= limit)?.[1];
  if (preferred === undefined) throw impossible(size, 'at most 2GiB', exactSize(size));
  for (let perCluster: number = preferred; perCluster >= 1; perCluster /= 2) {
    let plan = layOut(sectors, perCluster, reserved);
    if (plan.clusters > maxClusters - margin) {
      // A volume of exactly 2 GiB has three clusters too many: its last sectors stay unused.
      const surplus = plan.clusters - (maxClusters - margin);
      plan = layOut(sectors - surplus * perCluster, perCluster, reserved);
    }
    if (plan.clusters >= minClusters + margin) return plan;
  }
  throw impossible(size, 'at least 2100KiB', exactSize(size));
}

function layOut(sectors: number, sectorsPerCluster: number, minReserved: number): FatGeometry {
  for (let sectorsPerFat = 1; ; sectorsPerFat++) {
    const metadata = fatCount * sectorsPerFat + (rootEntries * 32) / sectorBytes;
    const reservedSectors = Math.ceil((minReserved + metadata) / 8) * 8 - metadata;
    const data = sectors - reservedSectors - metadata;
    const clusters = Math.max(0, Math.floor(data / sectorsPerCluster));
    // Beyond 65536 entries this is no FAT16; the caller judges the number of clusters.
    if ((clusters + 2) * 2 > sectorsPerFat * sectorBytes && sectorsPerFat < 256) continue;
    return {
      totalSectors: sectors,
      sectorsPerCluster,
      reservedSectors,
      fatCount,
      sectorsPerFat,
      rootEntries,
      clusters,
    };
  }
}

function impossible(size: number, expected: string, found: string): TwinbankError {
  return new TwinbankError(
    'recipe',
    'fat.size',
    `a FAT16 volume of ${exactSize(size)}: expected ${expected}, found ${found}`,
    { data: { size } },
  );
}
