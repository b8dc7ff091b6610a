import type { Chunk, CutDisk } from './cut-disk.ts';
import { storePartition } from './cut-host.ts';
import { inWords, pendingAt, type Recording, type Write, writeAt } from './cut-recording.ts';

/** A moment at which the power failed, and what of the writes had reached the medium then. */
export interface Cut {
  readonly what: string;
  /** So many operations from the first on had reached it, whatever became of the others. */
  readonly done: number;
  /** So many had been begun. */
  readonly begun: number;
}

/** Looks at the disk that a cut has left. */
export type Visit = (cut: Cut) => void;

/** Every prefix of an update, the empty one and the whole among them. Returns how many. */
export function everyPrefix({ operations }: Recording, disk: CutDisk, visit: Visit): number {
  return disk.tried(() => {
    visit({ what: 'before the first operation', done: 0, begun: 0 });
    for (const [index, operation] of operations.entries()) {
      if (operation.does === 'write') disk.lay([operation]);
      const done = index + 1;
      visit({ what: `after ${inWords(operation, index)}`, done, begun: done });
    }
    return operations.length + 1;
  });
}

/**
 * Every write cut short, what was before it being there: its beginning up to each sector of small writes and
 * some of large ones, up to some bytes within sectors, and to every byte of a boot.cfg; or its end from each
 * of these sectors on. Only what differs from the whole write and from none of it. Returns how many.
 */
export function tornWrites(recording: Recording, disk: CutDisk, visit: Visit): number {
  return disk.tried(() => {
    let cuts = 0;
    for (const [index, operation] of recording.operations.entries()) {
      if (operation.does !== 'write') continue;
      const torn = (offset: number, bytes: Uint8Array): void => {
        cuts++;
        disk.tried(() => {
          disk.lay([{ ...operation, offset, bytes }]);
          const what = `${bytes.length} bytes at ${offset} of ${inWords(operation, index)}`;
          visit({ what, done: index, begun: index + 1 });
        });
      };
      const { offset, bytes } = operation;
      const { within, sectors } = placesToTear(operation, disk);
      for (const at of [...sectors, ...within]) torn(offset, bytes.subarray(0, at));
      for (const at of sectors) torn(offset + at, bytes.subarray(at));
      disk.lay([operation]);
    }
    return cuts;
  });
}

const smallWrite = 16 * 512;
const bootCfgStart = Buffer.from('# GRUB Environment Block\n');

/** Bytes of a write before which and after which there is something that it changes. */
function placesToTear({ partition, offset, bytes }: Write, disk: CutDisk) {
  const before = disk.partition(partition).read(offset, bytes.length);
  const changed: number[] = [];
  for (let at = 0; at < bytes.length; at++) if (bytes[at] !== before[at]) changed.push(at);
  const last = changed.at(-1) ?? 0;
  // In the place of another one: what a loader finds when it looks.
  const isBootCfg = [before, bytes].every(
    (one) => Buffer.compare(one.subarray(0, bootCfgStart.length), bootCfgStart) === 0,
  );
  const sectors = [...new Set(changed.map((at) => at - (at % 512) + 512))].filter(
    (at) => at <= last,
  );
  const inside = changed.filter((at) => at < last).map((at) => at + 1);
  // A drive writes a sector or does not; banks do not depend on that, the volume of the store does.
  const within = partition === storePartition ? [] : inside.filter((at) => at % 512 !== 0);
  return {
    sectors: bytes.length <= smallWrite ? sectors : spread(sectors, 12),
    within: isBootCfg ? within : spread(within, 8),
  };
}

/** At most `count` of them, from all over the list. */
function spread(list: readonly number[], count: number): number[] {
  if (list.length <= count) return [...list];
  return Array.from(
    { length: count },
    (_, index) => list[Math.floor((index * list.length) / count)]!,
  );
}

/**
 * Before each flush, every choice of the writes that wait for one, in every order; groups of more than `most`
 * writes are left to random cuts. Orders that make the same disk are visited once. Returns how many
 * there were of both.
 */
export function everyOrder(
  recording: Recording,
  disk: CutDisk,
  visit: Visit,
  most = 5,
): { orders: number; disks: number } {
  let orders = 0;
  let disks = 0;
  eachFlush(recording, disk, (at, pending) => {
    if (pending.length > most) return;
    const seen = new Set<string>();
    for (const order of ordersOf(pending)) {
      // With all of them in their order nothing was lost.
      if (order.join() === pending.join()) continue;
      orders++;
      const writes = order.map((index) => writeAt(recording, index));
      const key = outcomeOf(order, writes);
      if (seen.has(key)) continue;
      seen.add(key);
      const done = pending[0] ?? at;
      const what = `only writes ${order.join(', ') || 'none'} of ${pending.join(', ')} before flush ${at}`;
      disk.tried(() => {
        disk.lay(writes);
        if (!isMissing(recording, disk, pending)) return;
        disks++;
        visit({ what, done, begun: at });
      });
    }
  });
  return { orders, disks };
}

/** Whether something of these writes is not on the disk. */
export function isMissing(recording: Recording, disk: CutDisk, writes: readonly number[]): boolean {
  return writes.some((index) => {
    const { partition, offset, bytes } = writeAt(recording, index);
    return Buffer.compare(disk.partition(partition).read(offset, bytes.length), bytes) !== 0;
  });
}

/** Stops before each flush that something waits for, with nothing on the disk but what was flushed. */
function eachFlush(
  recording: Recording,
  disk: CutDisk,
  use: (at: number, pending: readonly number[]) => void,
): void {
  disk.tried(() => {
    for (const [at, operation] of recording.operations.entries()) {
      if (operation.does !== 'flush') continue;
      const pending = pendingAt(recording, at);
      if (pending.length > 0) use(at, pending);
      const flushed = pending.map((index) => writeAt(recording, index));
      disk.lay(flushed.filter(({ partition }) => partition === operation.partition));
    }
  });
}

/** Every choice of some of a list, in every order. */
function* ordersOf(list: readonly number[]): Generator<number[]> {
  yield [];
  for (const [index, first] of list.entries()) {
    const others = list.filter((_, other) => other !== index);
    for (const rest of ordersOf(others)) yield [first, ...rest];
  }
}

/** The order counts only among writes that touch the same bytes. */
function outcomeOf(order: readonly number[], writes: readonly Write[]): string {
  const parts = [[...order].sort((a, b) => a - b).join()];
  for (const [later, one] of writes.entries()) {
    for (const [earlier, other] of writes.slice(0, later).entries()) {
      const end = ({ offset, bytes }: Chunk) => offset + bytes.length;
      const apart = end(one) <= other.offset || end(other) <= one.offset;
      if (one.partition !== other.partition || apart) continue;
      parts.push(`${order[earlier]}<${order[later]}`);
    }
  }
  return parts.sort().join(' ');
}
