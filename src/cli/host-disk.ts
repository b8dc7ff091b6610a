import { statSync } from 'node:fs';
import { imagePartition, isBankPartition } from '../bootloader/image-partitions.ts';
import { assertTwinbankDisk } from '../bootloader/inspect-image.ts';
import { inFile } from '../diagnostics/in-file.ts';
import { openImage } from '../disk/open-image.ts';
import { partitionDevice } from '../disk/partition-device.ts';
import { runTool } from '../host/run-tool.ts';
import type { HostDisk } from '../update/host-disk.ts';

/**
 * Opens an image, or the disk of a host that does not run, for an update. Throws as `openImage` and
 * `assertTwinbankDisk` do, with the file named.
 */
export async function withHostDisk<T>(
  image: string,
  path: string,
  options: { writable: boolean },
  use: (disk: HostDisk) => Promise<T>,
): Promise<T> {
  const opened = openImage(path, options);
  try {
    const { device } = opened;
    const { partitions } = assertTwinbankDisk(device);
    const store = partitions.find((one) => imagePartition(one)?.role === 'store');
    return await use({
      banks: partitions.filter(isBankPartition).map((one) => {
        const { number, firstLba } = one;
        return { number, firstLba, device: partitionDevice(device, one) };
      }),
      store: store && partitionDevice(device, store),
      dropCaches: async () => {
        device.flush();
        await dropCaches(path);
      },
    });
  } catch (error) {
    throw inFile(image, error);
  } finally {
    opened.close();
  }
}

/**
 * Makes the kernel forget what it has cached of a block device or file, so that the next reads come from the
 * medium: `blockdev --flushbufs`, or dd's `nocache`, which asks for it by posix_fadvise (coreutils, "dd").
 */
async function dropCaches(path: string): Promise<void> {
  if (statSync(path).isBlockDevice()) await runTool('blockdev', ['--flushbufs', path]);
  else await runTool('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none']);
}
