import { statSync } from 'node:fs';
import type { DeviceFacts } from '../host/device/device-facts.ts';
import { flashDevice } from './flash-device.ts';
import { flashFile } from './flash-file.ts';
import { openSource, type SourceRequest } from './open-source.ts';
import type { VerifiedImage } from './verify-image.ts';

export interface FlashRequest extends SourceRequest {
  /** Path of a block device, of a new disk file, or of one to be replaced. */
  readonly target: string;
  /** Bytes of a disk file; default those of the image. A device has its own. */
  readonly size?: number | undefined;
  /** Replace a file that is there. */
  readonly overwrite?: boolean | undefined;
  /** What GUIDs and serials of the target are derived from; default: those of the image stay. */
  readonly identity?: string | undefined;
  /** Carry the state of the target over; it is kept in `folder` while the target does not hold it. */
  readonly keepState?: { readonly folder: string } | undefined;
  /** Do not write what a device holds already. */
  readonly resume?: boolean | undefined;
  /** Default true. */
  readonly readBack?: boolean | undefined;
  /** Throws unless this device may be erased. */
  confirm(target: string, facts: DeviceFacts): Promise<void>;
}

export interface FlashResult {
  /** Bytes of the disk that was written, how many of them are data, and how many had to be written. */
  readonly size: number;
  readonly dataBytes: number;
  readonly writtenBytes: number;
  readonly checkedBy: VerifiedImage['checkedBy'];
  readonly readBack: boolean;
  readonly device?: DeviceFacts;
}

/**
 * Puts an image on a target: verified before the first byte, read back after the last. Throws what {@link openSource},
 * {@link flashDevice} and {@link flashFile} throw.
 */
export async function flashImage(request: FlashRequest): Promise<FlashResult> {
  if (!isBlockDevice(request.target)) return flashFile(request);
  const image = await openSource(request);
  try {
    return await flashDevice(image, request);
  } finally {
    image.close();
  }
}

function isBlockDevice(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isBlockDevice() ?? false;
}
