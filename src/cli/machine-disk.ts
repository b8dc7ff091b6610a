import { assertTwinbankDisk } from '../bootloader/inspect-image.ts';
import { readBanks } from '../bootloader/read-banks.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { inFile } from '../diagnostics/in-file.ts';
import { type ImageChange, withdrawDocuments } from '../disk/image-documents.ts';
import { type OpenImage, type OpenImageOptions, openImage } from '../disk/open-image.ts';
import { copyDisk } from '../harness/machine/disk-copy.ts';
import { withDiskClaim } from '../host/disk-claim.ts';
import type { Context } from './command.ts';
import { reportWithdrawn } from './host-disk.ts';

/** What a virtual machine is started from, and writes to. */
export interface MachineDisk {
  readonly path: string;
  readonly format: 'raw' | 'qcow2';
  /** To be called before the machine is started: takes away what lies beside the image and becomes untrue by its boot. */
  withdrawMarks(): void;
}

/**
 * Runs work with the disk of a virtual machine: a copy of the image that is removed afterwards, or with `write` the image itself, which
 * nobody else may use meanwhile and beside which nothing stays that the machine makes untrue. Throws as `openImage`, `assertTwinbankDisk`
 * and `withDiskClaim` do, and `image.read-only` (kind `refused`).
 */
export async function withMachineDisk<T>(
  image: string,
  write: boolean,
  context: Context,
  use: (disk: MachineDisk) => Promise<T>,
): Promise<T> {
  if (!write) {
    assertDisk(image);
    const copy = await copyDisk(image).catch((error: unknown) => {
      throw inFile(image, error);
    });
    try {
      return await use({ path: copy.path, format: 'raw', withdrawMarks: () => {} });
    } finally {
      await copy.remove();
    }
  }
  // QEMU locks it in its own way, which nobody of ours looks at before it runs.
  const work = async (): Promise<T> => {
    const format = assertDisk(image);
    if (format === 'vmdk') {
      const message = `${image}: expected a raw or qcow2 image with --write, found a VMDK disk, which is only read`;
      throw new TwinbankError('refused', 'image.read-only', message);
    }
    const before = systemOf(image);
    const withdrawMarks = (): void => withdraw(image, 'marks', context);
    try {
      return await use({ path: image, format, withdrawMarks });
    } finally {
      // A host may have been updated while it ran.
      if (systemAfter(image) !== before) withdraw(image, 'system', context);
    }
  };
  return withDiskClaim(image, work, { signal: context.signal });
}

/** Opens an image for as long as `use` takes; its errors name it. */
export function withImage<T>(
  path: string,
  use: (opened: OpenImage) => T,
  options: OpenImageOptions = {},
): T {
  const opened = openImage(path, options);
  try {
    return use(opened);
  } catch (error) {
    throw inFile(path, error);
  } finally {
    opened.close();
  }
}

function assertDisk(image: string): OpenImage['format'] {
  return withImage(image, ({ device, format }) => {
    assertTwinbankDisk(device);
    return format;
  });
}

/** What the banks hold, whatever their marks are. */
function systemOf(path: string): string {
  const banks = withImage(path, ({ device }) => {
    assertTwinbankDisk(device);
    return readBanks(device);
  });
  return JSON.stringify(banks.map(({ build, modules }) => [build, modules]));
}

/** Undefined for a disk that cannot be read any more: how the boot went is what its person has to hear. */
function systemAfter(path: string): string | undefined {
  try {
    return systemOf(path);
  } catch (error) {
    if (error instanceof TwinbankError) return undefined;
    throw error;
  }
}

/** Takes away what the machine that is to be started makes untrue. */
function withdraw(path: string, change: ImageChange, { report }: Context): void {
  const withdrawn = withdrawDocuments(path, { change });
  if (withdrawn.length > 0) reportWithdrawn(report, path)(withdrawn);
}
