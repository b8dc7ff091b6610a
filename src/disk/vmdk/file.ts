import { closeSync, openSync, writeSync } from 'node:fs';
import type { BlockDevice } from '../block-device.ts';
import type { Extent } from '../extents.ts';
import { attempt } from '../file-device.ts';
import type { VmdkType } from './descriptor.ts';
import { writeVmdk } from './writer.ts';

/** Makes a VMDK file; the same bytes with every version of Node, as its zlib takes no part. Throws kind `io`. */
export async function writeVmdkFile(
  path: string,
  image: { readonly device: BlockDevice; readonly extents: readonly Extent[] },
  options: { readonly type: VmdkType; readonly fileName: string },
): Promise<void> {
  // Makes tables when it is loaded, and nearly every command has this file.
  const { zlibSync } = await import('fflate');
  const fd = attempt(path, 'open', () => openSync(path, 'w'));
  const write = (offset: number, bytes: Uint8Array): void => {
    for (let done = 0; done < bytes.length; ) {
      const left = bytes.length - done;
      done += attempt(path, 'write', () => writeSync(fd, bytes, done, left, offset + done));
    }
  };
  try {
    const deflate = (grain: Uint8Array): Uint8Array => zlibSync(grain);
    writeVmdk(image.device, image.extents, { write }, { ...options, deflate });
  } finally {
    closeSync(fd);
  }
}
