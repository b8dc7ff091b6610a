import { setImmediate } from 'node:timers/promises';
import type { Report } from '../diagnostics/progress.ts';
import { type BlockDevice, readSoon } from '../disk/block-device.ts';
import { alignedBytes } from '../disk/direct-device.ts';
import { type Extent, extentBytes } from '../disk/extents.ts';

// One request of a disk; larger chunks cost more in the processor's caches than they save in system calls.
const chunkBytes = 2 ** 20;

export interface ChunkWork {
  /** What the work is called while it is watched. */
  readonly task: string;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

interface Chunk extends Extent {
  /** Of each device, in the order of the devices. */
  readonly bytes: readonly Uint8Array[];
}

/**
 * Reads extents chunk by chunk, of several devices at once, each chunk while its predecessor is worked on. What `act` returns has
 * `bytes` until it has ended, while the next chunk is worked on already; none ends before the last of them. No chunk
 * reaches over the end of an extent, so that `act` can count on where they end. A signal is heard between two chunks.
 */
export async function eachChunk(
  devices: readonly BlockDevice[],
  extents: readonly Extent[],
  { task, report, signal }: ChunkWork,
  act: (chunk: Chunk) => Promise<void> | undefined,
): Promise<void> {
  const total = extentBytes(extents);
  const chunks = extents.flatMap(chunksOf);
  // One is read, one is worked on, and one may still be written.
  const buffers = [0, 1, 2].map(() => devices.map(() => alignedBytes(chunkBytes)));
  const read = (index: number): Promise<readonly Uint8Array[]> | undefined => {
    const chunk = chunks[index];
    if (!chunk) return undefined;
    const scratch = buffers[index % buffers.length] ?? [];
    return heard(Promise.all(devices.map((one, at) => readSoon(one, chunk, scratch[at] ?? none))));
  };
  // A device that answers later lets signals be heard meanwhile.
  const breathes = devices.some(({ readAsync }) => readAsync);
  let ahead = read(0);
  let behind: Promise<void> | undefined;
  let done = 0;
  try {
    for (const [index, chunk] of chunks.entries()) {
      signal?.throwIfAborted();
      const bytes = (await ahead) ?? [];
      await behind;
      ahead = read(index + 1);
      behind = heard(act({ ...chunk, bytes }));
      done += chunk.length;
      report({ type: 'progress', task, done, total, unit: 'bytes' });
      if (!breathes) await setImmediate();
    }
    await behind;
  } finally {
    // Whoever goes on may close the devices.
    await Promise.allSettled([ahead, behind]);
  }
  report({ type: 'done', task });
}

const none = new Uint8Array(0);

function chunksOf({ offset, length }: Extent): Extent[] {
  return Array.from({ length: Math.ceil(length / chunkBytes) }, (_, index) => {
    const start = index * chunkBytes;
    return { offset: offset + start, length: Math.min(chunkBytes, length - start) };
  });
}

/** It is awaited later than it may fail. */
function heard<T extends Promise<unknown> | undefined>(promise: T): T {
  promise?.catch(() => {});
  return promise;
}
