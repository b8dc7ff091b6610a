import type { BlockDevice } from '../block-device.ts';
import { type Extent, normalizeExtents } from '../extents.ts';
import { decodeBootSector } from './boot-sector.ts';
import { FatTable } from './fat-table.ts';
import { clusterBytes, clusterOffset, dataOffset } from './geometry.ts';

/**
 * What of a FAT16 volume has a meaning, zero or not: boot sector, tables, root directory, and every cluster
 * that is not free. What stands elsewhere changes nothing. Throws as {@link decodeBootSector}.
 */
export function usedExtents(volume: BlockDevice): Extent[] {
  const boot = decodeBootSector(volume.read(0, 512), volume.size);
  const fat = new FatTable(boot, volume);
  const length = clusterBytes(boot);
  const found: Extent[] = [{ offset: 0, length: dataOffset(boot) }];
  for (let cluster = 2; cluster < boot.clusters + 2; cluster++) {
    if (fat.entry(cluster) === 0) continue;
    const offset = clusterOffset(boot, cluster);
    const last = found.at(-1);
    // Most clusters follow one another, and there are tens of thousands.
    if (last && last.offset + last.length === offset) {
      found[found.length - 1] = { offset: last.offset, length: last.length + length };
    } else found.push({ offset, length });
  }
  return normalizeExtents(found);
}
