import type { ByteSource } from '../source/byte-source.ts';

/** The bytes of a source, in order, in chunks as long as a format wants them. */
export interface ChunkReader {
  /** How many bytes were taken so far. */
  readonly position: number;
  /**
   * At least one byte, at most `max`, or undefined at the end. A view of what was read, not a copy. With
   * `scratch` that may be where it was read to: good until the same scratch is given again.
   */
  some(max: number, scratch?: Uint8Array): Promise<Uint8Array | undefined>;
  /** A copy of `length` bytes, or of fewer where the source ends. Memory grows with what arrives, not with what is asked. */
  exactly(length: number): Promise<Uint8Array>;
}

/** What is asked of a source at once. */
export const chunkBytes = 2 ** 20;

/** Reads a source in large chunks and holds no more than one of them. */
export function chunkReader(source: ByteSource): ChunkReader {
  let chunk: Uint8Array = new Uint8Array();
  let position = 0;

  async function some(max: number, scratch?: Uint8Array): Promise<Uint8Array | undefined> {
    if (chunk.length === 0) {
      const next = await source.read(chunkBytes, scratch);
      if (next === undefined) return undefined;
      chunk = next;
    }
    const taken = chunk.subarray(0, max);
    chunk = chunk.subarray(taken.length);
    position += taken.length;
    return taken;
  }

  return {
    get position() {
      return position;
    },
    some,
    async exactly(length) {
      const parts: Uint8Array[] = [];
      for (let missing = length; missing > 0; ) {
        const part = await some(missing);
        if (part === undefined) break;
        parts.push(part);
        missing -= part.length;
      }
      return Buffer.concat(parts);
    },
  };
}
