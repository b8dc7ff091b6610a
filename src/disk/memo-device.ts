import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from './block-device.ts';
import { type Extent, normalizeExtents } from './extents.ts';
import { extentsDigest } from './extents-digest.ts';

export interface MemoDevice extends BlockDevice {
  /**
   * What `compute` makes of the device, remembered under `key` until a byte that it has read is written
   * through this device; so it cannot be stale. `compute` must depend on nothing but the key and what it
   * reads from the device that it is given, and must not keep that device. What it throws is not remembered.
   */
  remember<T>(key: string, compute: (device: BlockDevice) => T): T;
}

interface Entry {
  readonly value: unknown;
  /** Normalised. */
  readonly reads: readonly Extent[];
}

/** A device that remembers what was worked out from its bytes. All writes must go through it. */
export function memoDevice(device: BlockDevice): MemoDevice {
  const digest = (extents: readonly Extent[]): string => {
    // A disk without power does not answer, whatever is known of it.
    device.read(0, 0);
    const key = extents.map(({ offset, length }) => `${offset}+${length}`).join(' ');
    return remember(`digest ${key}`, (reader) => extentsDigest(reader, extents));
  };
  const entries = new Map<string, Entry>();
  const forget = (offset: number, length: number): void => {
    for (const [key, { reads }] of entries) {
      if (overlaps(reads, offset, offset + length)) entries.delete(key);
    }
  };
  const remember = <T>(
    key: string,
    compute: (device: BlockDevice) => T,
    digestOf?: (extents: readonly Extent[]) => string,
  ): T => {
    const known = entries.get(key);
    // Each key is used with one type only, its compute's.
    if (known) return known.value as T;
    const { recorder, reads } = recordReads(device, digestOf);
    const value = compute(recorder);
    entries.set(key, { value, reads: normalizeExtents(reads) });
    return value;
  };
  return {
    size: device.size,
    read: (offset, length, scratch) => device.read(offset, length, scratch),
    write(offset, bytes) {
      // Before it is written: a write that fails half way has changed something too.
      forget(offset, bytes.length);
      device.write(offset, bytes);
    },
    flush: () => device.flush(),
    digest,
    remember: (key, compute) => remember(key, compute, digest),
  };
}

function recordReads(
  device: BlockDevice,
  digest?: (extents: readonly Extent[]) => string,
): { recorder: BlockDevice; reads: Extent[] } {
  const reads: Extent[] = [];
  const recorder: BlockDevice = {
    size: device.size,
    read(offset, length, scratch) {
      // Also where the read fails: what is remembered may depend on that.
      reads.push({ offset, length });
      return device.read(offset, length, scratch);
    },
    ...(digest && {
      digest: (extents: readonly Extent[]) => {
        reads.push(...extents);
        return digest(extents);
      },
    }),
    write() {
      const message = 'expected a computation that only reads, found a write';
      throw new TwinbankError('internal', 'memo.write', message);
    },
    flush() {},
  };
  return { recorder, reads };
}

function overlaps(extents: readonly Extent[], start: number, end: number): boolean {
  for (const { offset, length } of extents) {
    if (offset >= end) return false;
    if (offset + length > start) return true;
  }
  return false;
}
