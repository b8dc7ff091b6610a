import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import type { Extent } from '../disk/extents.ts';

/** Takes the pieces of a file one after another. */
export interface PieceWriter {
  write(piece: Uint8Array): void;
  /** Throws `update.length` (kind `corrupt`) unless all of the file came. */
  done(): void;
}

/** Writes pieces to where a file's bytes go. More than fits there throws `update.length`. */
export function pieceWriter(
  device: BlockDevice,
  extents: readonly Extent[],
  name: string,
): PieceWriter {
  const bytes = extents.reduce((sum, { length }) => sum + length, 0);
  let position = 0;
  let index = 0;
  let within = 0;
  return {
    write(piece) {
      for (let taken = 0; taken < piece.length; ) {
        const extent = extents[index];
        if (!extent) throw wrongLength(name, bytes, position + piece.length);
        const count = Math.min(piece.length - taken, extent.length - within);
        device.write(extent.offset + within, piece.subarray(taken, taken + count));
        taken += count;
        within += count;
        if (within === extent.length) {
          index++;
          within = 0;
        }
      }
      position += piece.length;
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
