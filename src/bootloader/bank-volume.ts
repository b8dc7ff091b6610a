import { createHash } from 'node:crypto';
import type { BlockDevice } from '../disk/block-device.ts';
import type { FatVolume } from '../disk/fat/volume.ts';
import type { BankFiles } from './bank-contents.ts';

/** Small enough for the processor's cache: with 4 MiB, copying took half as long as SHA-256. */
const chunkBytes = 2 ** 18;
/** None of the files that are read as a whole is larger; of one that is, its beginning is enough to be wrong. */
const maxWhole = 2 ** 20;

/**
 * The files of a bank on disk. Large ones are hashed in chunks, and each only once, however often bank.env
 * or a manifest names it. `onRead` hears of the bytes that were hashed.
 */
export function bankFiles(
  volume: FatVolume,
  device: BlockDevice,
  onRead: (bytes: number) => void = () => {},
): BankFiles & { names(): string[] } {
  const scratch = new Uint8Array(chunkBytes);
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
      const hash = createHash('sha256');
      for (const { offset, length } of volume.extents(path)) {
        for (let done = 0; done < length; done += chunkBytes) {
          const chunk = device.read(offset + done, Math.min(chunkBytes, length - done), scratch);
          hash.update(chunk);
          onRead(chunk.length);
        }
      }
      const measured = { bytes, sha256: hash.digest('hex') };
      known.set(key, measured);
      return measured;
    },
  };
}
