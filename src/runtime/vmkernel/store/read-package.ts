import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { ManifestPackage } from '../../../bootloader/bank-manifest.ts';
import { TwinbankError } from '../../../diagnostics/error.ts';
import type { BlockDevice } from '../../../disk/block-device.ts';
import { openFat } from '../../../disk/fat/volume.ts';
import { storeFacts } from '../../../update/store-volume.ts';
import { lostState, storedPlaces } from '../../../update/stored-package.ts';

/** Read in one piece: between two of them vmkd answers and feeds watchdogs. */
const chunkBytes = 2 ** 20;

/** Who takes the bytes of a package while they are hashed; `restart` forgets those of a place that was none. */
export interface PackageTaker {
  restart(): void;
  write(chunk: Uint8Array): void;
}

/**
 * Reads a package from a store and holds it against its hash. `take` has its bytes, and only those, where it is `right`. Throws kind
 * `corrupt` for a store that cannot be read, and what `take` throws.
 */
export async function readPackage(
  device: BlockDevice,
  wanted: ManifestPackage,
  take?: PackageTaker,
): Promise<'right' | 'damaged' | 'missing'> {
  const volume = openFat(device);
  const places = storedPlaces(storeFacts(volume, device), wanted);
  for (const { path } of places) {
    // However long another file of its name is, none of it is read.
    if (volume.stat(path)?.size !== wanted.bytes) continue;
    take?.restart();
    const hash = createHash('sha256');
    for (const { offset, length } of volume.extents(path)) {
      for (let at = 0; at < length; at += chunkBytes) {
        const chunk = readOr(device, offset + at, Math.min(chunkBytes, length - at));
        if (!chunk) break;
        hash.update(chunk);
        take?.write(chunk);
        await setImmediate();
      }
    }
    if (hash.digest('hex') === wanted.sha256) return 'right';
  }
  return lostState(places);
}

/** What the medium does not give is not what was to be there. */
function readOr(device: BlockDevice, offset: number, length: number): Uint8Array | undefined {
  try {
    return device.read(offset, length);
  } catch (error) {
    if (error instanceof TwinbankError && error.kind === 'io') return undefined;
    throw error;
  }
}
