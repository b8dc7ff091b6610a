import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from './block-device.ts';
import { decodeGptHeader } from './gpt-header.ts';

/**
 * The disk that `device` should be, `size` bytes long: what lies beyond the end of the device cannot be
 * read (kind `corrupt`, `device.truncated`), everything before it can.
 */
export function truncatedDevice(device: BlockDevice, size: number): BlockDevice {
  const guard = (offset: number, length: number) => {
    if (offset + length <= device.size) return;
    throw new TwinbankError(
      'corrupt',
      'device.truncated',
      `expected ${length} bytes at offset ${offset}, found the end at ${device.size}`,
      { data: { offset, length, size: device.size } },
    );
  };
  return {
    size,
    read(offset, length) {
      guard(offset, length);
      return device.read(offset, length);
    },
    write(offset, bytes) {
      guard(offset, bytes.length);
      device.write(offset, bytes);
    },
    flush: () => device.flush(),
  };
}

/**
 * Bytes of the disk that a GPT was made for, by its primary header; undefined where that cannot be read.
 * Larger than the device means that the end of the disk is missing.
 */
export function sizeByGpt(device: BlockDevice): number | undefined {
  if (device.size < 1024) return undefined;
  try {
    const size = (decodeGptHeader(device.read(512, 512), 1).alternateLba + 1) * 512;
    return Number.isSafeInteger(size) ? size : undefined;
  } catch (error) {
    if (error instanceof TwinbankError && error.kind === 'corrupt') return undefined;
    throw error;
  }
}
