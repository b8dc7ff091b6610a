import { type BlockDevice, memoryDevice } from '../../../src/disk/block-device.ts';
import { partitionDevice } from '../../../src/disk/partition-device.ts';
import { type SimDisk, simDisk } from '../../../src/harness/sim/sim-disk.ts';
import type { HostDisk } from '../../../src/update/host-disk.ts';
import { type CutHost, keptBank, storePartition, targetBank } from './cut-host.ts';

/** Bytes that reach the medium, or a part of them. */
export interface Chunk {
  /** GPT partition number. */
  readonly partition: number;
  /** Of the first byte in the partition. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * A host's disk that can be taken back to what it was: thousands of cuts are tried on one copy of it. The
 * simulator sees every byte that changes, so that what it remembers is never stale.
 */
export interface CutDisk {
  readonly simulated: SimDisk;
  partition(number: number): BlockDevice;
  lay(chunks: Iterable<Chunk>): void;
  /** As an update sees it; each write and flush goes through `wrap` first. */
  forUpdate(wrap?: (device: BlockDevice, partition: number) => BlockDevice): HostDisk;
  /** Names what the bytes of a partition are now: the same name, the same bytes. */
  version(partition: number): string;
  /** Runs `use` and takes back all that it wrote. */
  tried<T>(use: () => T): T;
  triedLater<T>(use: () => Promise<T>): Promise<T>;
}

interface Undo {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly partition: number;
  readonly version: string;
}

/** Takes over the bytes of the host's image. */
export function cutDisk({ image, places }: Pick<CutHost, 'image' | 'places'>): CutDisk {
  const memory = memoryDevice(image);
  const versions = new Map<number, string>();
  const nameAfter = versionNames();
  const undo: Undo[] = [];
  let laying: Uint8Array | undefined;
  let takingBack = false;
  const partitionOf = (offset: number): number => {
    for (const [number, { firstLba, lastLba }] of places) {
      if (offset >= firstLba * 512 && offset < (lastLba + 1) * 512) return number;
    }
    throw new Error(`expected no write outside of the partitions, found one at ${offset}`);
  };
  const versionOf = (partition: number): string => versions.get(partition) ?? 'first';
  const simulated = simDisk({
    ...memory,
    write(offset, bytes) {
      if (!takingBack) {
        const partition = partitionOf(offset);
        const version = versionOf(partition);
        undo.push({ offset, bytes: memory.read(offset, bytes.length), partition, version });
        versions.set(partition, nameAfter(version, offset, laying));
      }
      memory.write(offset, bytes);
    },
  });
  const { device } = simulated;
  const devices = new Map(
    [...places].map(([number, place]) => [number, partitionDevice(device, place)]),
  );
  const partition = (number: number): BlockDevice => devices.get(number)!;
  const takeBack = (until: number): void => {
    takingBack = true;
    for (let one = undo.pop(); one; one = undo.pop()) {
      // By way of the simulator, which forgets what it knew of these bytes.
      device.write(one.offset, one.bytes);
      versions.set(one.partition, one.version);
      if (undo.length === until) break;
    }
    takingBack = false;
  };
  return {
    simulated,
    partition,
    lay(chunks) {
      for (const chunk of chunks) {
        laying = chunk.bytes;
        partition(chunk.partition).write(chunk.offset, chunk.bytes);
        laying = undefined;
      }
    },
    forUpdate: (wrap = (inner) => inner) => ({
      banks: [keptBank, targetBank].map((number) => {
        const { firstLba } = places.get(number)!;
        return { number, firstLba, device: wrap(partition(number), number) };
      }),
      store: wrap(partition(storePartition), storePartition),
      dropCaches: async () => {},
    }),
    version: versionOf,
    tried(use) {
      const before = undo.length;
      try {
        return use();
      } finally {
        if (undo.length > before) takeBack(before);
      }
    },
    async triedLater(use) {
      const before = undo.length;
      try {
        return await use();
      } finally {
        if (undo.length > before) takeBack(before);
      }
    },
  };
}

/**
 * Names versions after the one before and what was laid on it: the same writes of a recording, which never
 * change, lead to the same version, so that what was verified of it is still known.
 */
function versionNames() {
  const chunks = new WeakMap<Uint8Array, number>();
  const names = new Map<string, string>();
  let count = 0;
  return (before: string, offset: number, laid: Uint8Array | undefined): string => {
    const fresh = `version ${++count}`;
    if (!laid) return fresh;
    const chunk = chunks.get(laid) ?? count;
    chunks.set(laid, chunk);
    const key = `${before}, ${chunk} at ${offset}`;
    const name = names.get(key) ?? fresh;
    // Those of random chunks never come again.
    if (names.size > 10_000) names.clear();
    names.set(key, name);
    return name;
  };
}
