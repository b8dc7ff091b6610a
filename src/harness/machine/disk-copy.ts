import { join } from 'node:path';
import { openFileDevice } from '../../disk/file-device.ts';
import { openImage } from '../../disk/open-image.ts';
import { copyExtents, nonZeroExtents } from '../../disk/sparse.ts';
import { temporaryFolder } from '../../host/temporary-folder.ts';

/** A raw disk file of a machine's own. */
export interface DiskCopy {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * A copy of an image, raw or qcow2, that a machine may write to, and that can be read afterwards: only the
 * data are copied, about 90 MB. Throws as `openImage` does, and kind `io` for a disk without room.
 */
export async function copyDisk(image: string): Promise<DiskCopy> {
  const source = openImage(image);
  const folder = temporaryFolder('disk');
  const path = join(folder.path, 'disk.img');
  try {
    const target = openFileDevice(path, { create: true, size: source.device.size });
    try {
      copyExtents(source.device, target, nonZeroExtents(source.device));
    } finally {
      target.close();
    }
    return { path, remove: folder.remove };
  } catch (error) {
    await folder.remove();
    throw error;
  } finally {
    source.close();
  }
}
