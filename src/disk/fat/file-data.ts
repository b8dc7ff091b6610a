import { TwinbankError } from '../../diagnostics/error.ts';
import type { BlockDevice } from '../block-device.ts';
import type { Extent } from '../extents.ts';
import { clusterBytes, clusterOffset, type FatGeometry } from './geometry.ts';

/** A file's bytes, or where they come from chunk by chunk; the chunks add up to `size`. */
export type FileContent = Uint8Array | { size: number; chunks: Iterable<Uint8Array> };

export function contentSize(content: FileContent): number {
  return content instanceof Uint8Array ? content.length : content.size;
}

/** Where the first `size` bytes of a chain are in the volume; neighbouring clusters are one extent. */
export function clusterExtents(
  geometry: FatGeometry,
  clusters: readonly number[],
  size: number,
): Extent[] {
  const unit = clusterBytes(geometry);
  const extents: Extent[] = [];
  const count = Math.ceil(size / unit);
  for (let start = 0; start < count; ) {
    const first = clusters[start] ?? 0;
    let end = start + 1;
    while (end < count && clusters[end] === first + end - start) end++;
    const length = Math.min(end * unit, size) - start * unit;
    extents.push({ offset: clusterOffset(geometry, first), length });
    start = end;
  }
  return extents;
}

/** The part of a file's extents that holds its bytes from `offset`, `length` of them. */
export function sliceExtents(extents: readonly Extent[], offset: number, length: number): Extent[] {
  const parts: Extent[] = [];
  let position = 0;
  for (const extent of extents) {
    const from = Math.max(offset, position);
    const until = Math.min(offset + length, position + extent.length);
    if (from < until) {
      parts.push({ offset: extent.offset + from - position, length: until - from });
    }
    position += extent.length;
  }
  return parts;
}

export function readExtents(device: BlockDevice, extents: readonly Extent[]): Uint8Array {
  const [only] = extents;
  if (only && extents.length === 1) return device.read(only.offset, only.length);
  const bytes = new Uint8Array(extents.reduce((sum, extent) => sum + extent.length, 0));
  let position = 0;
  for (const { offset, length } of extents) {
    bytes.set(device.read(offset, length), position);
    position += length;
  }
  return bytes;
}

/**
 * Writes content over extents that have just room for it, each chunk in as few writes as can be. Throws
 * `fat.content-size` (kind `internal`) where the chunks are not as long as was said.
 */
export function writeExtents(
  device: BlockDevice,
  extents: readonly Extent[],
  content: FileContent,
): void {
  const size = contentSize(content);
  let written = 0;
  for (const chunk of content instanceof Uint8Array ? [content] : content.chunks) {
    if (written + chunk.length > size) throw wrongSize(size, written + chunk.length);
    let position = 0;
    for (const { offset, length } of sliceExtents(extents, written, chunk.length)) {
      device.write(offset, chunk.subarray(position, position + length));
      position += length;
    }
    written += chunk.length;
  }
  if (written !== size) throw wrongSize(size, written);
}

function wrongSize(expected: number, found: number): TwinbankError {
  return new TwinbankError(
    'internal',
    'fat.content-size',
    `expected content of ${expected} bytes, found ${found}`,
  );
}
