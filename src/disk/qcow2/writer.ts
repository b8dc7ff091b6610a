import type { BlockDevice } from '../block-device.ts';
import { alignExtents, type Extent } from '../extents.ts';
import { nonZeroExtents } from '../sparse.ts';
import { bytesPerL1Entry, copiedFlag, encodeQcow2Header } from './header.ts';

const clusterBytes = 65536;
/** 16-bit reference counts. */
const countsPerBlock = clusterBytes / 2;
const chunkBytes = 4 * 2 ** 20;

/** Where everything goes in the file, in clusters of 64 KiB; a function of the source's bytes alone. */
interface Qcow2Plan {
  /** Bytes of the disk. */
  readonly size: number;
  /** Bytes of the file that will hold it. */
  readonly fileSize: number;
  readonly refcountTableClusters: number;
  readonly refcountBlocks: number;
  readonly l1Clusters: number;
  readonly l2Tables: number;
  /** What is stored: whole clusters of the disk, normalised; everything else reads as zero. */
  readonly extents: readonly Extent[];
}

/** Plans a qcow2 file of the clusters of `source` that lie in `extents` and are not all zero. */
export function planQcow2(source: BlockDevice, extents: Iterable<Extent>): Qcow2Plan {
  const touched = alignExtents(extents, clusterBytes, source.size);
  const stored = nonZeroExtents(source, { extents: touched, blockSize: clusterBytes });
  const span = bytesPerL1Entry(clusterBytes);
  const l1Entries = Math.ceil(source.size / span);
  const l1Clusters = Math.max(1, Math.ceil((l1Entries * 8) / clusterBytes));
  const l2Tables = l1IndexesOf(stored, span).size;
  let dataClusters = 0;
  for (const { length } of stored) dataClusters += Math.ceil(length / clusterBytes);
  // The reference counts count the clusters that hold them, too.
  let refcountBlocks = 1;
  for (;;) {
    const refcountTableClusters = Math.ceil((refcountBlocks * 8) / clusterBytes);
    const total = 1 + refcountTableClusters + refcountBlocks + l1Clusters + l2Tables + dataClusters;
    const needed = Math.ceil(total / countsPerBlock);
    if (needed <= refcountBlocks) {
      return {
        size: source.size,
        fileSize: total * clusterBytes,
        refcountTableClusters,
        refcountBlocks,
        l1Clusters,
        l2Tables,
        extents: stored,
      };
    }
    refcountBlocks = needed;
  }
}

/**
 * Writes a qcow2 file, version 3 (QEMU docs/interop/qcow2.rst), to a target of `plan.fileSize` zero bytes:
 * header, reference counts, L1, L2 tables, then the data in the order of the disk.
 */
export function writeQcow2(source: BlockDevice, plan: Qcow2Plan, target: BlockDevice): void {
  const refcountTableOffset = clusterBytes;
  const refcountOffset = refcountTableOffset + plan.refcountTableClusters * clusterBytes;
  const l1Offset = refcountOffset + plan.refcountBlocks * clusterBytes;
  const l2Offset = l1Offset + plan.l1Clusters * clusterBytes;
  const dataStart = l2Offset + plan.l2Tables * clusterBytes;
  const span = bytesPerL1Entry(clusterBytes);
  const l1Entries = Math.ceil(plan.size / span);
  target.write(
    0,
    encodeQcow2Header({
      version: 3,
      clusterBytes,
      size: plan.size,
      l1Entries,
      l1Offset,
      refcountTableOffset,
      refcountTableClusters: plan.refcountTableClusters,
    }),
  );
  const blockOffsets = Array.from(
    { length: plan.refcountBlocks },
    (_, block) => [block, BigInt(refcountOffset + block * clusterBytes)] as const,
  );
  target.write(refcountTableOffset, bigEndian(blockOffsets));
  target.write(refcountOffset, ones(plan.fileSize / clusterBytes));
  const l2Indexes = [...l1IndexesOf(plan.extents, span)];
  const l2Number = new Map(l2Indexes.map((l1Index, number) => [l1Index, number]));
  target.write(
    l1Offset,
    bigEndian(
      l2Indexes.map((l1Index, number) => [
        l1Index,
        BigInt(l2Offset + number * clusterBytes) | copiedFlag,
      ]),
    ),
  );
  const l2Entries: (readonly [index: number, value: bigint])[] = [];
  let data = dataStart;
  for (const { offset, length } of plan.extents) {
    for (let done = 0; done < length; done += clusterBytes) {
      const at = offset + done;
      const table = l2Number.get(Math.floor(at / span)) ?? 0;
      const index = table * (clusterBytes / 8) + (at % span) / clusterBytes;
      l2Entries.push([index, BigInt(data + done) | copiedFlag]);
    }
    for (let done = 0; done < length; done += chunkBytes) {
      const bytes = source.read(offset + done, Math.min(chunkBytes, length - done));
      target.write(data + done, bytes);
    }
    data += Math.ceil(length / clusterBytes) * clusterBytes;
  }
  target.write(l2Offset, bigEndian(l2Entries));
}

/** The L1 entries whose part of the disk has data, in order. */
function l1IndexesOf(extents: readonly Extent[], span: number): Set<number> {
  const indexes = new Set<number>();
  for (const { offset, length } of extents) {
    const last = Math.floor((offset + length - 1) / span);
    for (let index = Math.floor(offset / span); index <= last; index++) indexes.add(index);
  }
  return indexes;
}

function bigEndian(entries: readonly (readonly [index: number, value: bigint])[]): Uint8Array {
  const last = entries.at(-1);
  const bytes = new Uint8Array(last ? (last[0] + 1) * 8 : 0);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of entries) view.setBigUint64(index * 8, value);
  return bytes;
}

/** `count` reference counts of one. */
function ones(count: number): Uint8Array {
  const bytes = new Uint8Array(count * 2);
  for (let index = 1; index < bytes.length; index += 2) bytes[index] = 1;
  return bytes;
}
