import { memoryDevice } from '../../../src/disk/block-device.ts';
import { copiedFlag, encodeQcow2Header } from '../../../src/disk/qcow2/header.ts';
import { openQcow2 } from '../../../src/disk/qcow2/reader.ts';
import { mutateBytes } from '../byte-mutations.ts';
import { fails } from '../oracle.ts';
import { randomOf } from '../random.ts';
import { type FuzzTarget, takenAs } from '../target.ts';

/** The smallest there is, so that a file is small and all of it matters. */
const cluster = 512;
const span = (cluster / 8) * cluster;

export const qcow2: FuzzTarget = {
  name: 'qcow2',
  seeds: () => [fileOf(3, 100_000), fileOf(2, span), fileOf(3, 0)],
  mutate: (input, random, other) =>
    mutateBytes(input, random, other, {
      ...{
        fixed: !random.once(6),
        record: 8,
        endian: 'big',
        tokens: ['QFI\xfb', new Uint8Array(8)],
      },
      // Most often the header or the tables, which come next.
      place: (one, length) =>
        one.once(8) ? one.below(length) : one.below(one.once(2) ? 104 : 3000),
    }),
  run(input) {
    const disk = openQcow2(memoryDevice(input));
    const extents = disk.dataExtents();
    let end = 0;
    for (const { offset, length } of extents) {
      if (offset < end || length < 1 || offset + length > disk.size)
        fails(`an extent at ${offset}`);
      end = offset + length;
    }
    // Data are read where they are, holes here and there: nobody reads all of a disk that is empty.
    const places = [
      0,
      Math.max(0, disk.size - 600),
      ...extents.slice(0, 8).map(({ offset }) => offset),
    ];
    for (const offset of places) {
      const length = Math.min(600, disk.size - offset);
      const bytes = disk.read(offset, length);
      if (bytes.length !== length) fails(`${bytes.length} bytes for ${length}`);
    }
    return takenAs(`${disk.header.version}, ${Math.min(extents.length, 4)} extents`);
  },
};

/** A file of clusters of 512 bytes: header, L1 table, L2 tables, data; reference counts are not read. */
function fileOf(version: number, size: number): Uint8Array {
  const l1Entries = Math.ceil(size / span);
  const bytes = Buffer.alloc((2 + 3 * l1Entries) * cluster);
  bytes.set(
    encodeQcow2Header({
      ...{ version, clusterBytes: cluster, size, l1Entries, l1Offset: cluster },
      ...{ refcountTableOffset: 0, refcountTableClusters: 0 },
    }),
  );
  for (let table = 0; table < l1Entries; table++) {
    const l2 = (2 + 3 * table) * cluster;
    bytes.writeBigUInt64BE(BigInt(l2) | copiedFlag, cluster + table * 8);
    for (const data of [1, 2]) {
      bytes.writeBigUInt64BE(BigInt(l2 + data * cluster) | copiedFlag, l2 + data * 3 * 8);
      bytes.set(randomOf(l2 + data).bytes(cluster), l2 + data * cluster);
    }
  }
  return bytes;
}
