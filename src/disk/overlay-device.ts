import { assertInRange, type BlockDevice } from './block-device.ts';

interface OverlayDevice extends BlockDevice {
  /** Bytes in sectors that were written. */
  writtenBytes(): number;
}

const sectorBytes = 512;

/**
 * A device that reads from `base` and keeps what is written to it in memory, by whole sectors, so that a
 * host can be tried out without a change to its image. `base` must not change meanwhile.
 */
export function overlayDevice(base: BlockDevice): OverlayDevice {
  const sectors = new Map<number, Uint8Array>();
  const sectorOf = (number: number): Uint8Array => {
    const there = sectors.get(number);
    if (there) return there;
    const start = number * sectorBytes;
    const sector = new Uint8Array(sectorBytes);
    sector.set(base.read(start, Math.min(sectorBytes, base.size - start)));
    sectors.set(number, sector);
    return sector;
  };
  /** Lays one written sector over the bytes from `offset`. */
  const lay = (bytes: Uint8Array, offset: number, number: number, sector: Uint8Array): void => {
    const at = number * sectorBytes - offset;
    const from = Math.max(0, -at);
    const until = Math.min(sectorBytes, bytes.length - at);
    bytes.set(sector.subarray(from, until), at + from);
  };
  return {
    size: base.size,
    read(offset, length, scratch) {
      assertInRange(base.size, offset, length);
      const bytes = base.read(offset, length, scratch);
      if (length === 0) return bytes;
      const first = Math.floor(offset / sectorBytes);
      const last = Math.floor((offset + length - 1) / sectorBytes);
      // A whole module is thousands of sectors, and few were ever written.
      if (last - first > sectors.size) {
        for (const [number, sector] of sectors) {
          if (number >= first && number <= last) lay(bytes, offset, number, sector);
        }
        return bytes;
      }
      for (let number = first; number <= last; number++) {
        const sector = sectors.get(number);
        if (sector) lay(bytes, offset, number, sector);
      }
      return bytes;
    },
    write(offset, bytes) {
      assertInRange(base.size, offset, bytes.length);
      for (let done = 0; done < bytes.length; ) {
        const number = Math.floor((offset + done) / sectorBytes);
        const within = (offset + done) % sectorBytes;
        const count = Math.min(sectorBytes - within, bytes.length - done);
        sectorOf(number).set(bytes.subarray(done, done + count), within);
        done += count;
      }
    },
    flush() {},
    writtenBytes: () => sectors.size * sectorBytes,
  };
}
