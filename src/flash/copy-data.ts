import { TwinbankError } from '../diagnostics/error.ts';
import { type BlockDevice, writeSoon } from '../disk/block-device.ts';
import type { Extent } from '../disk/extents.ts';
import { type ChunkWork, eachChunk } from './each-chunk.ts';

interface CopyWork extends ChunkWork {
  /** Chunks that the target holds already are not written. */
  readonly resume?: boolean;
  /** Looks at each chunk while it is written; what it throws ends the copy. */
  readonly look?: ((chunk: Extent, bytes: Uint8Array) => void) | undefined;
}

/** Copies the data of an image to the same places of a target. Returns the bytes that were written. */
export async function copyData(
  source: BlockDevice,
  target: BlockDevice,
  extents: readonly Extent[],
  work: CopyWork,
): Promise<number> {
  let written = 0;
  const devices = work.resume ? [source, target] : [source];
  await eachChunk(devices, extents, work, (chunk) => {
    const [bytes = none, there] = chunk.bytes;
    const isThere = there !== undefined && equal(bytes, there);
    const writing = isThere ? undefined : writeSoon(target, chunk.offset, bytes);
    if (!isThere) written += chunk.length;
    try {
      work.look?.(chunk, bytes);
    } catch (error) {
      // Not before it has let go of the bytes and of the target.
      return (writing ?? Promise.resolve()).finally(() => {
        throw error;
      });
    }
    return writing;
  });
  return written;
}

/** Throws `flash.read-back` (kind `io`) where the target does not hold what the source does. */
export async function compareData(
  source: BlockDevice,
  target: BlockDevice,
  extents: readonly Extent[],
  work: ChunkWork,
): Promise<void> {
  await eachChunk([source, target], extents, work, ({ offset, bytes }) => {
    const [expected = none, found = none] = bytes;
    if (equal(expected, found)) return undefined;
    const at = offset + expected.findIndex((byte, index) => byte !== found[index]);
    throw new TwinbankError(
      'io',
      'flash.read-back',
      `byte ${at}: expected what was written, found something else: the medium does not keep its data`,
      { data: { offset: at } },
    );
  });
}

const none = new Uint8Array(0);

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
