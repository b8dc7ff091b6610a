import type { BlockDevice } from '../../disk/block-device.ts';
import { type OpenImageOptions, openImage } from '../../disk/open-image.ts';
import { readOnlyDevice } from './read-only-device.ts';

/** Opens the disk of a machine for as long as `use` takes; `onWithdrawn` hears what a write to it has taken away beside it. */
export async function withDiskFile<T>(
  path: string,
  writable: boolean,
  use: (device: BlockDevice) => T | Promise<T>,
  onWithdrawn?: OpenImageOptions['onWithdrawn'],
): Promise<T> {
  const opened = openImage(path, { writable, onWithdrawn });
  try {
    return await use(writable ? opened.device : readOnlyDevice(opened.device));
  } finally {
    opened.close();
  }
}
