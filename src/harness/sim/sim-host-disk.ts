import { assertTwinbankDisk } from '../../bootloader/inspect-image.ts';
import { inFile } from '../../diagnostics/in-file.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import { type OpenImage, openImage } from '../../disk/open-image.ts';
import { overlayDevice } from '../../disk/overlay-device.ts';
import type { HostDisk } from '../../update/host-disk.ts';
import { hostDiskOf } from '../machine/host-disk.ts';
import { type SimDisk, simDisk } from './sim-disk.ts';

/** An image and what was written over it so far; nobody writes to it any more. */
export interface DiskLayer {
  readonly device: BlockDevice;
  /** One over it that needs the same image. */
  over(device: BlockDevice): DiskLayer;
  /** The image is closed when no layer needs it any more. */
  release(): void;
}

/** Opens an image for machines, which never write to it. Throws as `openImage` and `assertTwinbankDisk` do. */
export function openSimImage(image: string): DiskLayer {
  const opened: OpenImage = openImage(image);
  try {
    assertTwinbankDisk(opened.device);
  } catch (error) {
    opened.close();
    throw inFile(image, error);
  }
  let holders = 0;
  const layer = (device: BlockDevice): DiskLayer => {
    holders++;
    let held = true;
    return {
      device,
      over: layer,
      release() {
        if (!held) return;
        held = false;
        holders--;
        if (holders === 0) opened.close();
      },
    };
  };
  return layer(opened.device);
}

/** A disk that a machine may write to. */
export interface SimHostDisk extends SimDisk {
  /** What is on it, which is still written to. */
  readonly layer: DiskLayer;
  /** Banks and store for an update. */
  readonly host: HostDisk;
}

/** A disk over a layer, which is its own from now on. */
export function simHostDisk(below: DiskLayer): SimHostDisk {
  const layer = below.over(overlayDevice(below.device));
  below.release();
  const disk = simDisk(layer.device);
  return { ...disk, layer, host: hostDiskOf(disk.device) };
}
