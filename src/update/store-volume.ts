import { hashOr } from '../bootloader/bank-contents.ts';
import { bankFiles } from '../bootloader/bank-volume.ts';
import { unlessDamaged } from '../bootloader/damage.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { type FatVolume, openFat } from '../disk/fat/volume.ts';
import type { StoreBuild, StoredPackage, StoreFacts } from './plan-store.ts';

/** Lists and packages of a store's volume. Throws kind `corrupt` where it is damaged. */
export function storeFacts(volume: FatVolume, device: BlockDevice): StoreFacts {
  const files = volume
    .walk()
    .filter(({ path, directory }) => !directory && path.startsWith('/packages/'))
    .map(({ path, size }) => ({ path: path.slice(1), bytes: size }));
  const folder = volume.stat('builds')?.directory ? volume.list('builds') : [];
  const builds = folder.flatMap(({ name, size, directory }) =>
    directory || size > maxListBytes ? [] : readList(volume.read(`builds/${name}`), name),
  );
  const contents = bankFiles(volume, device);
  return {
    builds,
    files,
    freeBytes: volume.freeBytes,
    clusterBytes: volume.clusterBytes,
    // What cannot be read is not what was to be there.
    hashOf: (path) => hashOr(contents, path),
  };
}

/** Opens the store for an update; undefined, with the reason told, where it is damaged. */
export function openStore(
  device: BlockDevice,
  damaged: (why: string) => void,
): { volume: FatVolume; facts: StoreFacts } | undefined {
  return unlessDamaged(
    () => {
      const volume = openFat(device);
      return { volume, facts: storeFacts(volume, device) };
    },
    (_code, message) => damaged(message),
  );
}

const maxListBytes = 2 ** 20;

/** The bytes of `builds/BUILD.json`. */
export function encodeStoreList({ build, packages }: StoreBuild): Uint8Array {
  return Buffer.from(`${JSON.stringify({ schemaVersion: 1, build, packages }, null, 2)}\n`);
}

/** One that cannot be read, or only in part, lists nothing: it would leave out what its build needs. */
function readList(bytes: Uint8Array, name: string): StoreBuild[] {
  try {
    const { build, packages } = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (typeof build !== 'string' || `${build}.json`.toLowerCase() !== name.toLowerCase())
      return [];
    if (!Array.isArray(packages) || !packages.every(isPackage)) return [];
    return [{ build, packages }];
  } catch {
    return [];
  }
}

function isPackage(value: unknown): value is StoredPackage {
  if (typeof value !== 'object' || value === null) return false;
  const { name, path, bytes, sha256 } = value as Record<string, unknown>;
  const texts = [name, path, sha256].every((one) => typeof one === 'string');
  return texts && Number.isSafeInteger(bytes) && Number(bytes) >= 0;
}
