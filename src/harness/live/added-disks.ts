import { realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import { exactSize, parseSize } from '../../diagnostics/size.ts';
import { openFileDevice } from '../../disk/file-device.ts';
import { openImage } from '../../disk/open-image.ts';
import { withDiskClaim } from '../../host/disk-claim.ts';
import { withTemporaryFolder } from '../../host/temporary-folder.ts';
import { addedDiskArguments } from '../qemu/added-disks.ts';

/** A disk beside the one that a host boots from: an empty one of so many bytes, or a file that is there. */
export type AddedDisk = { readonly size: number } | { readonly file: string };

const sizes = { least: 2 ** 20, most: 16 * 2 ** 40 };
/** QEMU's virtio disks take a PCI slot each, of 32. */
const mostDisks = 16;

/**
 * Disks as a command line names them, beside an image. Throws `usage.disk` for what is neither a size nor a file, for a size that no
 * disk has, and for a file that is named twice.
 */
export function parseAddedDisks(
  texts: readonly string[],
  { cwd, image }: { readonly cwd: string; readonly image: string },
): AddedDisk[] {
  if (texts.length > mostDisks) throw usage('', `at most ${mostDisks} disks`, `${texts.length}`);
  const used = new Map([[realpathOf(image), 'it as the image']]);
  return texts.map((text) => {
    const size = parseSize(text);
    if (size !== undefined) {
      if (size >= sizes.least && size <= sizes.most && size % 512 === 0) return { size };
      const limits = `a size of whole sectors from ${exactSize(sizes.least)} to ${exactSize(sizes.most)}`;
      throw usage(` ${text}`, limits, text);
    }
    const file = resolve(cwd, text);
    const stat = statSync(file, { throwIfNoEntry: false });
    const there = stat && (stat.isFile() || stat.isBlockDevice());
    if (!there) {
      const found = stat ? 'neither a file nor a disk there' : 'neither';
      throw usage(` ${text}`, 'a size such as 8GiB, or a file with a disk', found);
    }
    const path = realpathOf(file);
    const twice = used.get(path);
    if (twice !== undefined) throw usage(` ${text}`, 'a disk that is named once', twice);
    used.set(path, 'it twice');
    return { file };
  });
}

/** Of an image that is not there somebody else tells. */
function realpathOf(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) ? realpathSync(path) : path;
}

/**
 * Runs work with QEMU's arguments for such disks, in their order. What a host writes to a file stays there; nobody else may use it
 * meanwhile. Empty ones are removed afterwards. Throws as `openImage` and `withDiskClaim` do, and `image.read-only` (kind `refused`).
 */
export function withAddedDisks<T>(
  disks: readonly AddedDisk[],
  signal: AbortSignal,
  use: (args: readonly string[]) => Promise<T>,
): Promise<T> {
  return withTemporaryFolder('disks', (folder) => {
    const add = ([disk, ...others]: readonly AddedDisk[], args: readonly string[]): Promise<T> => {
      if (!disk) return use(args);
      const number = disks.length - others.length;
      const next = (path: string, format: string): Promise<T> =>
        add(others, [...args, ...addedDiskArguments(number, { path, format, bus: 'virtio' })]);
      if ('size' in disk) {
        const path = join(folder, `${number}.img`);
        openFileDevice(path, { create: true, size: disk.size }).close();
        return next(path, 'raw');
      }
      return withDiskClaim(disk.file, async () => next(disk.file, formatOf(disk.file)), { signal });
    };
    return add(disks, []);
  });
}

function formatOf(file: string): 'raw' | 'qcow2' {
  const opened = openImage(file);
  opened.close();
  if (opened.format !== 'vmdk') return opened.format;
  const message = `${file}: expected a raw or qcow2 disk to add, found a VMDK disk, which is only read`;
  throw new TwinbankError('refused', 'image.read-only', message);
}

function usage(text: string, expected: string, found: string): TwinbankError {
  const message = `--add-disk${text}: expected ${expected}, found ${found}`;
  return new TwinbankError('usage', 'usage.disk', message);
}
