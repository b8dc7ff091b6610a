import { type BlockDevice, readSoon } from './block-device.ts';

/** A range of bytes that hold data; everything between extents is zero. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** Sorted, without empty ones, and with those that touch or overlap joined. */
export function normalizeExtents(extents: Iterable<Extent>): Extent[] {
  const sorted = [...extents].filter((e) => e.length > 0).sort((a, b) => a.offset - b.offset);
  const merged: { offset: number; length: number }[] = [];
  for (const { offset, length } of sorted) {
    const last = merged.at(-1);
    if (last && offset <= last.offset + last.length) {
      last.length = Math.max(last.length, offset + length - last.offset);
    } else {
      merged.push({ offset, length });
    }
  }
  return merged;
}

/** Widens each extent to whole blocks of `blockSize` bytes, the last one cut at `size`; normalised. */
export function alignExtents(extents: Iterable<Extent>, blockSize: number, size: number): Extent[] {
  const aligned: Extent[] = [];
  for (const extent of extents) {
    if (extent.length === 0) continue;
    const offset = Math.floor(extent.offset / blockSize) * blockSize;
    const end = Math.ceil((extent.offset + extent.length) / blockSize) * blockSize;
    aligned.push({ offset, length: Math.min(end, size) - offset });
  }
  return normalizeExtents(aligned);
}

/** What is left of normalised extents without `hole`. */
export function withoutExtent(extents: readonly Extent[], hole: Extent): Extent[] {
  const holeEnd = hole.offset + hole.length;
  return extents.flatMap(({ offset, length }): Extent[] => {
    const end = offset + length;
    const before = { offset, length: Math.min(end, hole.offset) - offset };
    const start = Math.max(offset, holeEnd);
    return [before, { offset: start, length: end - start }].filter((part) => part.length > 0);
  });
}

/** Bytes in all extents of a normalised list. */
export function extentBytes(extents: Iterable<Extent>): number {
  let total = 0;
  for (const { length } of extents) total += length;
  return total;
}

interface RecordingDevice extends BlockDevice {
  /** What has been written since the device was made, normalised. */
  written(): Extent[];
}

/** Passes everything on to `device` and remembers which ranges were written. */
export function recordingDevice(device: BlockDevice): RecordingDevice {
  let extents: Extent[] = [];
  let tidyAt = 1024;
  return {
    size: device.size,
    read: (offset, length, scratch) => device.read(offset, length, scratch),
    readAsync: (offset, length, scratch) => readSoon(device, { offset, length }, scratch),
    write(offset, bytes) {
      device.write(offset, bytes);
      extents.push({ offset, length: bytes.length });
      if (extents.length >= tidyAt) {
        extents = normalizeExtents(extents);
        tidyAt = Math.max(1024, 2 * extents.length);
      }
    },
    flush: () => device.flush(),
    written() {
      extents = normalizeExtents(extents);
      return [...extents];
    },
  };
}
