import type { BlockDevice } from '../../disk/block-device.ts';
import { openImage } from '../../disk/open-image.ts';
import { readOnlyDevice } from './read-only-device.ts';

/** Opens the disk of a machine for as long as `use` takes. */
export async function withDiskFile<T>(
  path: string,
  writable: boolean,
  use: (device: BlockDevice) => T | Promise<T>,
): Promise<T> {
  const opened = openImage(path, { writable });
  try {
    return await use(writable ? opened.device : readOnlyDevice(opened.device));
  } finally {
    opened.close();
  }
}
