import type { BlockDevice } from '../disk/block-device.ts';
import { type ExtentsDigest, extentsDigest } from '../disk/extents-digest.ts';
import type { FatVolume } from '../disk/fat/volume.ts';
import type { BankFiles } from './bank-contents.ts';

/** None of the files that are read as a whole is larger; of one that is, its beginning is enough to be wrong. */
const maxWhole = 2 ** 20;

/**
 * The files of a bank on disk. Large ones are hashed in chunks, and each only once, however often bank.env
 * or a manifest names it. `onRead` hears of the bytes that were hashed, by `digest`.
 */
export function bankFiles(
  volume: FatVolume,
  device: BlockDevice,
  onRead: (bytes: number) => void = () => {},
  digest: ExtentsDigest = extentsDigest,
): BankFiles & { names(): string[] } {
  const known = new Map<string, { bytes: number; sha256: string }>();
  const sizeOf = (path: string) => {
    const entry = volume.stat(path);
    return entry && !entry.directory ? entry.size : undefined;
  };
  return {
    names: () => volume.list().flatMap(({ name, directory }) => (directory ? [] : [name])),
    read(path) {
      const size = sizeOf(path);
      return size === undefined ? undefined : volume.readRange(path, 0, Math.min(size, maxWhole));
    },
    measure(path) {
      const key = path.toLowerCase();
      const before = known.get(key);
      if (before) return before;
      const bytes = sizeOf(path);
      if (bytes === undefined) return undefined;
      const measured = { bytes, sha256: digest(device, volume.extents(path), onRead) };
      known.set(key, measured);
      return measured;
    },
  };
}
