import type { BlockDevice } from '../block-device.ts';
import type { Extent } from '../extents.ts';
import { openFileDevice } from '../file-device.ts';
import { planQcow2, writeQcow2 } from './writer.ts';

/** Makes a qcow2 file of what `extents` have; everything else reads as zero. Throws kind `io`. */
export async function writeQcow2File(
  path: string,
  { device, extents }: { readonly device: BlockDevice; readonly extents: readonly Extent[] },
): Promise<void> {
  const plan = planQcow2(device, extents);
  const file = openFileDevice(path, { create: true, size: plan.fileSize });
  try {
    writeQcow2(device, plan, file);
  } finally {
    file.close();
  }
}
