import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import type { Extent } from '../disk/extents.ts';

/** Takes the chunks of a file one after another. */
export interface ChunkWriter {
  write(chunk: Uint8Array): void;
  /** Throws `update.length` (kind `corrupt`) unless all of the file came. */
  done(): void;
}

/** Writes chunks to where a file's bytes go. More than fits there throws `update.length`. */
export function chunkWriter(
  device: BlockDevice,
  extents: readonly Extent[],
  name: string,
): ChunkWriter {
  const bytes = extents.reduce((sum, { length }) => sum + length, 0);
  let position = 0;
  let index = 0;
  let within = 0;
  return {
    write(chunk) {
      for (let taken = 0; taken < chunk.length; ) {
        const extent = extents[index];
        if (!extent) throw wrongLength(name, bytes, position + chunk.length);
        const count = Math.min(chunk.length - taken, extent.length - within);
        device.write(extent.offset + within, chunk.subarray(taken, taken + count));
        taken += count;
        within += count;
        if (within === extent.length) {
          index++;
          within = 0;
        }
      }
      position += chunk.length;
    },
    done() {
      if (position !== bytes) throw wrongLength(name, bytes, position);
    },
  };
}

function wrongLength(name: string, expected: number, found: number): TwinbankError {
  const message = `${name}: expected ${expected} bytes, found ${found}`;
  return new TwinbankError('corrupt', 'update.length', message);
}
