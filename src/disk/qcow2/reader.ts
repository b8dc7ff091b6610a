import { TwinbankError } from '../../diagnostics/error.ts';
import { assertInRange, type BlockDevice } from '../block-device.ts';
import { type Extent, normalizeExtents } from '../extents.ts';
import { bytesPerL1Entry, decodeQcow2Header, offsetMask, type Qcow2Header } from './header.ts';

/** L2 tables that are kept in memory, together. */
const cacheBytes = 16 * 2 ** 20;
const compressedFlag = 1n << 62n;
const zeroFlag = 1n;

interface Qcow2Device extends BlockDevice {
  readonly header: Qcow2Header;
  /** What the file stores, normalised; everything else reads as zero. */
  dataExtents(): Extent[];
}

/**
 * The disk in an uncompressed qcow2 file of version 2 or 3, for reading only. Throws what
 * {@link decodeQcow2Header} throws; reading throws `qcow2.compressed` and `qcow2.table` (kind `corrupt`),
 * writing `qcow2.read-only` (kind `refused`).
 */
export function openQcow2(file: BlockDevice): Qcow2Device {
  const header = decodeQcow2Header(file.read(0, Math.min(file.size, 104)), file.size);
  const { clusterBytes, size } = header;
  const span = bytesPerL1Entry(clusterBytes);
  const l1 = view(file.read(header.l1Offset, header.l1Entries * 8));
  const cache = new Map<number, DataView>();

  const tableAt = (offset: number): DataView => {
    const known = cache.get(offset);
    if (known) return known;
    const table = view(file.read(offset, clusterBytes));
    if (cache.size >= Math.max(1, cacheBytes / clusterBytes)) {
      const [oldest = 0] = cache.keys();
      cache.delete(oldest);
    }
    cache.set(offset, table);
    return table;
  };

  /** File offset of the L2 table for a disk offset, or undefined where there is none. */
  const tableOf = (l1Index: number): number | undefined => {
    const offset = Number(l1.getBigUint64(l1Index * 8) & offsetMask);
    if (offset === 0) return undefined;
    assertCluster(offset, `L1 entry ${l1Index}`);
    return offset;
  };

  /** File offset of the cluster at a disk offset, or undefined where it is zero. */
  const clusterOf = (at: number): number | undefined => {
    const table = tableOf(Math.floor(at / span));
    return table === undefined ? undefined : dataOf(tableAt(table), at);
  };

  const dataOf = (table: DataView, at: number): number | undefined => {
    const entry = table.getBigUint64(Math.floor((at % span) / clusterBytes) * 8);
    if (entry & compressedFlag) {
      throw new TwinbankError(
        'corrupt',
        'qcow2.compressed',
        `qcow2: expected uncompressed clusters, found a compressed one at disk offset ${at}; qemu-img convert -O raw makes an image that can be read`,
      );
    }
    const offset = Number(entry & offsetMask);
    if (offset === 0 || (header.version === 3 && entry & zeroFlag)) return undefined;
    assertCluster(offset, `L2 entry for disk offset ${at}`);
    return offset;
  };

  const assertCluster = (offset: number, place: string) => {
    // The last cluster of a file may be shorter; what is missing reads as zero.
    if (offset % clusterBytes === 0 && offset < file.size) return;
    throw new TwinbankError(
      'corrupt',
      'qcow2.table',
      `qcow2 ${place}: expected a cluster within ${file.size} bytes, found offset ${offset}`,
    );
  };

  return {
    header,
    size,
    read(offset, length) {
      assertInRange(size, offset, length);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const at = offset + done;
        const within = at % clusterBytes;
        const count = Math.min(clusterBytes - within, length - done);
        const cluster = clusterOf(at);
        if (cluster !== undefined) {
          const start = cluster + within;
          const there = Math.max(0, Math.min(count, file.size - start));
          bytes.set(file.read(start, there), done);
        }
        done += count;
      }
      return bytes;
    },
    write() {
      throw new TwinbankError(
        'refused',
        'qcow2.read-only',
        'qcow2: expected a raw image to write to, found a qcow2 file, which is only read',
      );
    },
    flush() {},
    dataExtents() {
      const extents: Extent[] = [];
      const seen = new Set<number>();
      for (let start = 0; start < size; start += span) {
        const tableOffset = tableOf(start / span);
        if (tableOffset === undefined) continue;
        if (seen.has(tableOffset)) {
          throw new TwinbankError(
            'corrupt',
            'qcow2.table',
            `qcow2 L1 entry ${start / span}: expected an L2 table of its own, found one at offset ${tableOffset} that another entry has`,
          );
        }
        seen.add(tableOffset);
        const table = tableAt(tableOffset);
        const end = Math.min(size, start + span);
        for (let at = start; at < end; at += clusterBytes) {
          if (dataOf(table, at) === undefined) continue;
          extents.push({ offset: at, length: Math.min(clusterBytes, size - at) });
        }
      }
      return normalizeExtents(extents);
    },
  };
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
