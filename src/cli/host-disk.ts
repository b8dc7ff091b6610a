import { imagePartition, isBankPartition } from '../bootloader/image-partitions.ts';
import { assertTwinbankDisk } from '../bootloader/inspect-image.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { inFile } from '../diagnostics/in-file.ts';
import { type Report, silent } from '../diagnostics/progress.ts';
import { type ImageChange, withdrawnText } from '../disk/image-documents.ts';
import { openImage } from '../disk/open-image.ts';
import { partitionDevice } from '../disk/partition-device.ts';
import { cacheDropper } from '../host/cache-dropper.ts';
import type { HostDisk } from '../update/host-disk.ts';

interface HostDiskOptions {
  readonly writable: boolean;
  /** Refuse what can only be read even where nothing is to be written, as what follows would be refused. */
  readonly raw?: boolean;
  /** What the writes change, and who is told what became untrue by them and was taken away. */
  readonly change?: ImageChange;
  readonly report?: Report;
  /** Name of another file that is read meanwhile: errors that begin with it are not about the image. */
  readonly beside?: string;
}

/**
 * Opens an image, or the disk of a host that does not run, for an update. Throws as `openImage` and
 * `assertTwinbankDisk` do, with the file named, and `image.read-only` (kind `refused`).
 */
export async function withHostDisk<T>(
  image: string,
  path: string,
  { writable, raw = writable, beside, change, report = silent }: HostDiskOptions,
  use: (disk: HostDisk) => Promise<T>,
): Promise<T> {
  const opened = openImage(path, {
    writable,
    change,
    onWithdrawn: reportWithdrawn(report, image),
  });
  const caches = cacheDropper(path);
  try {
    const { device, format } = opened;
    if (raw && format !== 'raw') throw readOnly(image, format);
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
        await caches.drop();
      },
    });
  } catch (error) {
    const isBeside = beside !== undefined && (error as Error).message?.startsWith(`${beside}: `);
    throw isBeside ? error : inFile(image, error);
  } finally {
    caches.close();
    opened.close();
  }
}

/** Says which documents were taken away from beside an image. */
export function reportWithdrawn(report: Report, image: string) {
  return (withdrawn: readonly string[]): void =>
    report({ type: 'note', text: withdrawnText(image, withdrawn) });
}

export function readOnly(image: string, format: string): TwinbankError {
  const message = `${image}: expected a raw image or a disk to write to, found a ${format} image, which is only read; make a raw one of it with qemu-img convert -O raw`;
  return new TwinbankError('refused', 'image.read-only', message);
}
