import { assertInRange, type BlockDevice, readSoon } from './block-device.ts';

interface OverlayDevice extends BlockDevice {
  /** Bytes in sectors that were written. */
  writtenBytes(): number;
}

const sectorBytes = 512;
/** Copied as a whole at its first write: few for a module, and not much for one sector of a table. */
const chunkBytes = 16 * sectorBytes;

interface Chunk {
  readonly bytes: Uint8Array;
  /** One bit a sector. */
  written: number;
}

/**
 * A device that reads from `base` and keeps what is written to it in memory, so that a host can be tried out
 * without a change to its image. `base` must not change meanwhile.
 */
export function overlayDevice(base: BlockDevice): OverlayDevice {
  const chunks = new Map<number, Chunk>();
  const chunkOf = (number: number, whole: boolean): Chunk => {
    const there = chunks.get(number);
    if (there) return there;
    const start = number * chunkBytes;
    const bytes = new Uint8Array(chunkBytes);
    if (!whole) {
      const length = Math.min(chunkBytes, base.size - start);
      const read = base.read(start, length, bytes);
      if (read.buffer !== bytes.buffer) bytes.set(read);
    }
    const chunk = { bytes, written: 0 };
    chunks.set(number, chunk);
    return chunk;
  };
  /** Lays one chunk over the bytes from `offset`. */
  const lay = (bytes: Uint8Array, offset: number, number: number, chunk: Chunk): void => {
    const at = number * chunkBytes - offset;
    const from = Math.max(0, -at);
    const until = Math.min(chunkBytes, bytes.length - at);
    bytes.set(chunk.bytes.subarray(from, until), at + from);
  };
  /** Lays all of them over bytes of `base`. */
  const layAll = (bytes: Uint8Array, offset: number): Uint8Array => {
    if (bytes.length === 0) return bytes;
    const first = Math.floor(offset / chunkBytes);
    const last = Math.floor((offset + bytes.length - 1) / chunkBytes);
    // A whole module is thousands of chunks, and few were ever written.
    if (last - first > chunks.size) {
      for (const [number, chunk] of chunks) {
        if (number >= first && number <= last) lay(bytes, offset, number, chunk);
      }
      return bytes;
    }
    for (let number = first; number <= last; number++) {
      const chunk = chunks.get(number);
      if (chunk) lay(bytes, offset, number, chunk);
    }
    return bytes;
  };
  return {
    size: base.size,
    read(offset, length, scratch) {
      assertInRange(base.size, offset, length);
      return layAll(base.read(offset, length, scratch), offset);
    },
    async readAsync(offset, length, scratch) {
      assertInRange(base.size, offset, length);
      return layAll(await readSoon(base, { offset, length }, scratch), offset);
    },
    write(offset, bytes) {
      assertInRange(base.size, offset, bytes.length);
      for (let done = 0; done < bytes.length; ) {
        const number = Math.floor((offset + done) / chunkBytes);
        const within = (offset + done) % chunkBytes;
        const count = Math.min(chunkBytes - within, bytes.length - done);
        const chunk = chunkOf(number, count === chunkBytes);
        chunk.bytes.set(bytes.subarray(done, done + count), within);
        const firstSector = Math.floor(within / sectorBytes);
        const endSector = Math.ceil((within + count) / sectorBytes);
        chunk.written |= (1 << endSector) - (1 << firstSector);
        done += count;
      }
    },
    flush() {},
    writtenBytes() {
      let sectors = 0;
      for (const { written } of chunks.values()) {
        for (let bits = written; bits !== 0; bits &= bits - 1) sectors++;
      }
      return sectors * sectorBytes;
    },
  };
}
