import { TwinbankError } from '../diagnostics/error.ts';
import type { Extent } from './extents.ts';
import { extentsDigest } from './extents-digest.ts';

/**
 * The narrow waist of everything on disk. Synchronous, byte-addressed, and small enough that a device
 * which records, tears or drops writes is a page of test code. Wherever a format speaks of sectors, they have
 * 512 bytes; a device with larger ones is refused when it is opened (`device.sector-size`).
 */
export interface BlockDevice {
  /** Bytes in the device. */
  readonly size: number;
  /**
   * `length` bytes from `offset`; throws `device.out-of-range` beyond the end. They may be the beginning of
   * `scratch`, where that is given and large enough: whoever reads much of a device makes no garbage.
   */
  read(offset: number, length: number, scratch?: Uint8Array): Uint8Array;
  write(offset: number, bytes: Uint8Array): void;
  /**
   * The same while the caller does something else, of a device that knows how. `scratch`, which has to be large enough, and
   * `bytes` are the device's until it has answered. Asked by `readSoon` and `writeSoon`, which do without where there are none.
   */
  readAsync?(offset: number, length: number, scratch: Uint8Array): Promise<Uint8Array>;
  writeAsync?(offset: number, bytes: Uint8Array): Promise<void>;
  /** Returns once everything written before is on stable storage. */
  flush(): void;
  /**
   * SHA-256, hex, of extents one after another, of a device that keeps it until they are written to. Asked by
   * `extentsDigest`, which reads where there is none.
   */
  digest?(extents: readonly Extent[]): string;
}

/** Throws `device.out-of-range` unless the range lies within the device. */
export function assertInRange(size: number, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0 || length < 0 || offset + length > size) {
    throw new TwinbankError(
      'corrupt',
      'device.out-of-range',
      `expected a range within ${size} bytes, found ${length} bytes at offset ${offset}`,
      { data: { size, offset, length } },
    );
  }
}

/** Reads into `scratch`, meanwhile if the device can; throws as `read` does. */
export async function readSoon(
  device: BlockDevice,
  { offset, length }: Extent,
  scratch: Uint8Array,
): Promise<Uint8Array> {
  return device.readAsync
    ? device.readAsync(offset, length, scratch)
    : device.read(offset, length, scratch);
}

/** Writes, meanwhile if the device can; throws as `write` does. */
export async function writeSoon(
  device: BlockDevice,
  offset: number,
  bytes: Uint8Array,
): Promise<void> {
  if (device.writeAsync) await device.writeAsync(offset, bytes);
  else device.write(offset, bytes);
}

/** A device in memory; `bytes` is the store itself, not a copy. */
export function memoryDevice(bytes: Uint8Array): BlockDevice {
  return {
    size: bytes.length,
    read(offset, length) {
      assertInRange(bytes.length, offset, length);
      // Not `slice`, which in a Buffer is a view of the store.
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
    write(offset, data) {
      assertInRange(bytes.length, offset, data.length);
      bytes.set(data, offset);
    },
    flush() {},
  };
}

/** The part of a device from `start`, `size` bytes long, as a device of its own (a partition). */
export function sliceDevice(device: BlockDevice, start: number, size: number): BlockDevice {
  assertInRange(device.size, start, size);
  return {
    size,
    read(offset, length, scratch) {
      assertInRange(size, offset, length);
      return device.read(start + offset, length, scratch);
    },
    write(offset, data) {
      assertInRange(size, offset, data.length);
      device.write(start + offset, data);
    },
    flush: () => device.flush(),
    ...(device.digest && {
      digest: (extents: readonly Extent[]) => {
        for (const { offset, length } of extents) assertInRange(size, offset, length);
        const there = extents.map(({ offset, length }) => ({ offset: start + offset, length }));
        return extentsDigest(device, there);
      },
    }),
  };
}
