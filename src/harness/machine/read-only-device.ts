import { TwinbankError } from '../../diagnostics/error.ts';
import type { BlockDevice } from '../../disk/block-device.ts';

/** A device that somebody may only look at. Writes throw `device.read-only` (kind `io`). */
export function readOnlyDevice(device: BlockDevice): BlockDevice {
  return {
    size: device.size,
    read: (offset, length, scratch) => device.read(offset, length, scratch),
    write() {
      throw new TwinbankError('io', 'device.read-only', 'the disk was opened for reading');
    },
    flush() {},
  };
}
