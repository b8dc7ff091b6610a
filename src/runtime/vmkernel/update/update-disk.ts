import { type FileDevice, openFileDevice } from '../../../disk/file-device.ts';
import type { HostDisk } from '../../../update/host-disk.ts';
import { flushBuffers } from '../boot/running-bank.ts';
import type { UpdatePlaces } from './update-message.ts';

/**
 * Opens the partitions of the running system's disk. Each is a device of its own with a cache of its own, so
 * that nothing may be read by way of the whole disk. `dropCaches` as of `confirmRunningBank`.
 */
export async function withRunningDisk<T>(
  { banks, store }: UpdatePlaces,
  use: (disk: HostDisk) => Promise<T>,
  dropCaches: (path: string) => Promise<void> = flushBuffers,
): Promise<T> {
  const opened: FileDevice[] = [];
  const open = (path: string): FileDevice => {
    const device = openFileDevice(path, { writable: true });
    opened.push(device);
    return device;
  };
  try {
    return await use({
      banks: banks.map(({ number, firstLba, device }) => ({
        number,
        firstLba,
        device: open(device),
      })),
      store: store === undefined ? undefined : open(store),
      dropCaches: async () => {
        for (const device of opened) {
          device.flush();
          await dropCaches(device.path);
        }
      },
    });
  } finally {
    for (const device of opened) device.close();
  }
}
