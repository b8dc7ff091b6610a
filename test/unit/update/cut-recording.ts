import type { BlockDevice } from '../../../src/disk/block-device.ts';
import { type ApplyOptions, applyBundle } from '../../../src/update/apply.ts';
import { memorySource } from '../../../src/update/source/byte-source.ts';
import type { Chunk, CutDisk } from './cut-disk.ts';
import { targetBank } from './cut-host.ts';

/** What an update did to its disk, one after another. */
export type Operation =
  | ({ readonly does: 'write' } & Chunk)
  /** Of the partition that it was asked of: on a running host each has a cache of its own. */
  | { readonly does: 'flush'; readonly partition: number };
export type Write = Extract<Operation, { does: 'write' }>;

export interface Recording {
  readonly operations: readonly Operation[];
  /** Number of operations before each of the update's five steps, by its number less one. */
  readonly steps: readonly number[];
  /** The first operation that touches the bank, and the one that makes it the next one to boot; -1: none. */
  readonly firstOfTarget: number;
  readonly activation: number;
}

/** Applies a bundle to a disk, records every write, with its bytes, and every flush, and takes it all back. */
export async function recordUpdate(
  disk: CutDisk,
  bundle: Uint8Array,
  options: ApplyOptions = {},
): Promise<Recording> {
  const operations: Operation[] = [];
  const steps: number[] = [];
  const recorder = (device: BlockDevice, partition: number): BlockDevice => ({
    ...device,
    write(offset, bytes) {
      operations.push({ does: 'write', partition, offset, bytes: Uint8Array.from(bytes) });
      device.write(offset, bytes);
    },
    flush() {
      operations.push({ does: 'flush', partition });
      device.flush();
    },
  });
  const report: ApplyOptions['report'] = (event) => {
    if (event.type === 'step') steps.push(operations.length);
  };
  await disk.triedLater(() =>
    applyBundle(memorySource('x.tbu', bundle), disk.forUpdate(recorder), { ...options, report }),
  );
  const ofTarget = (one: Operation) => one.does === 'write' && one.partition === targetBank;
  const activation = operations.findLastIndex(ofTarget);
  return { operations, steps, activation, firstOfTarget: operations.findIndex(ofTarget) };
}

/** Writes that a power cut before an operation can lose: those after the last flush of their partition. */
export function pendingAt({ operations }: Recording, at: number): number[] {
  const pending = new Map<number, number[]>();
  for (const [index, one] of operations.slice(0, at).entries()) {
    if (one.does === 'flush') pending.delete(one.partition);
    else pending.set(one.partition, [...(pending.get(one.partition) ?? []), index]);
  }
  return [...pending.values()].flat().sort((a, b) => a - b);
}

/** The write of that number. */
export function writeAt({ operations }: Recording, index: number): Write {
  const one = operations[index];
  if (one?.does !== 'write') throw new Error(`expected operation ${index} to be a write`);
  return one;
}

/** An operation in words. */
export function inWords(operation: Operation, index: number): string {
  if (operation.does === 'flush') return `flush ${index} of partition ${operation.partition}`;
  const { partition, offset, bytes } = operation;
  return `write ${index} of ${bytes.length} bytes at ${offset} of partition ${partition}`;
}
