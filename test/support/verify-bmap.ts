import type { BlockDevice } from '../../src/disk/block-device.ts';
import { type Bmap, bmapVerifier } from '../../src/disk/bmap.ts';

/** Holds all of an image against a bmap; throws as `bmapVerifier` does. */
export function verifyBmap(image: BlockDevice, bmap: Bmap): void {
  const verify = bmapVerifier(bmap);
  for (const range of bmap.ranges) verify(range, image.read(range.offset, range.length));
}
