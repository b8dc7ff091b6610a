import type { BlockDevice } from '../disk/block-device.ts';

/** Smaller writes are read from the device again, as they may be written over. */
const minBytes = 2 ** 20;

interface KeepingDevice extends BlockDevice {
  /** Where the first chunk in this range is. */
  firstKept(start: number, end: number): number | undefined;
}

/**
 * A device that keeps what is written to it in large chunks (an image's modules, in memory anyway) and
 * answers reads within one chunk from there: hashing an image of 88 MB then costs the hashing alone, 50 ms,
 * and reading it back would be another 40 ms. What is written or read must not be changed. Nothing is flushed: that keeps
 * an order of writes on a disk that may be read halfway, and an image gets its name only when it is whole.
 */
export function keepingWrites(device: BlockDevice): KeepingDevice {
  let kept: { offset: number; bytes: Uint8Array }[] = [];
  return {
    size: device.size,
    write(offset, bytes) {
      device.write(offset, bytes);
      const end = offset + bytes.length;
      kept = kept.filter((old) => old.offset >= end || old.offset + old.bytes.length <= offset);
      if (bytes.length >= minBytes) kept.push({ offset, bytes });
    },
    read(offset, length) {
      const end = offset + length;
      const whole = kept.find(
        (old) => old.offset <= offset && end <= old.offset + old.bytes.length,
      );
      if (!whole) return device.read(offset, length);
      return whole.bytes.subarray(offset - whole.offset, end - whole.offset);
    },
    flush: () => {},
    firstKept(start, end) {
      const places = kept.map(({ offset }) => offset).filter((at) => start <= at && at < end);
      return places.length > 0 ? Math.min(...places) : undefined;
    },
  };
}
