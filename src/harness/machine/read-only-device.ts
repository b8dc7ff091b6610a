import { TwinbankError } from '../../diagnostics/error.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import type { Extent } from '../../disk/extents.ts';
import { extentsDigest } from '../../disk/extents-digest.ts';

/** A device that somebody may only look at. Writes throw `device.read-only` (kind `io`). */
export function readOnlyDevice(device: BlockDevice): BlockDevice {
  return {
    size: device.size,
    read: (offset, length, scratch) => device.read(offset, length, scratch),
    write() {
      throw new TwinbankError('io', 'device.read-only', 'the disk was opened for reading');
    },
    flush() {},
    ...(device.digest && {
      digest: (extents: readonly Extent[]) => extentsDigest(device, extents),
    }),
  };
}
