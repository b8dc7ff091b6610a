import { setImmediate } from 'node:timers/promises';
import { TwinbankError } from '../diagnostics/error.ts';
import type { Report } from '../diagnostics/progress.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { alignedBytes } from '../disk/direct-device.ts';
import { type Extent, extentBytes } from '../disk/extents.ts';

// One request of a disk; larger chunks cost more in the processor's caches than they save in system calls.
const chunkBytes = 2 ** 20;

interface CopyWork {
  /** What the work is called while it is watched. */
  readonly task: string;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Copies the data of an image to the same places of a target. With `resume` chunks that the target holds
 * already are not written. Returns the bytes that were.
 */
export async function copyData(
  source: BlockDevice,
  target: BlockDevice,
  extents: readonly Extent[],
  work: CopyWork & { readonly resume?: boolean },
): Promise<number> {
  const [ours, theirs] = [alignedBytes(chunkBytes), alignedBytes(work.resume ? chunkBytes : 0)];
  let written = 0;
  await eachChunk(extents, work, ({ offset, length }) => {
    const bytes = source.read(offset, length, ours);
    if (work.resume && equal(bytes, target.read(offset, length, theirs))) return;
    target.write(offset, bytes);
    written += length;
  });
  return written;
}

/** Throws `flash.read-back` (kind `io`) where the target does not hold what the source does. */
export async function compareData(
  source: BlockDevice,
  target: BlockDevice,
  extents: readonly Extent[],
  work: CopyWork,
): Promise<void> {
  const [ours, theirs] = [alignedBytes(chunkBytes), alignedBytes(chunkBytes)];
  await eachChunk(extents, work, ({ offset, length }) => {
    const expected = source.read(offset, length, ours);
    const found = target.read(offset, length, theirs);
    if (equal(expected, found)) return;
    const at = offset + expected.findIndex((byte, index) => byte !== found[index]);
    throw new TwinbankError(
      'io',
      'flash.read-back',
      `byte ${at}: expected what was written, found something else: the medium does not keep its data`,
      { data: { offset: at } },
    );
  });
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Does it chunk by chunk, with a breath between two of them, in which a signal can be heard. */
async function eachChunk(
  extents: readonly Extent[],
  { task, report, signal }: CopyWork,
  act: (chunk: Extent) => void,
): Promise<void> {
  const total = extentBytes(extents);
  let done = 0;
  for (const { offset, length } of extents) {
    for (let at = 0; at < length; at += chunkBytes) {
      signal?.throwIfAborted();
      const chunk = { offset: offset + at, length: Math.min(chunkBytes, length - at) };
      act(chunk);
      done += chunk.length;
      report({ type: 'progress', task, done, total, unit: 'bytes' });
      await setImmediate();
    }
  }
  report({ type: 'done', task });
}
