import type { DeviceNamer } from '../../../hostcore/device-namer.ts';
import type { Journal } from '../../../hostcore/journal.ts';
import type { Console } from '../../system/console.ts';
import type { DeviceWatch } from '../../system/watch-devices.ts';
import type { KernelCommandLine } from '../boot/kernel-command-line.ts';
import type { SystemSettings } from '../boot/system-settings.ts';
import { restUseOf } from './boot-disk.ts';
import type { Storage, StoragePort } from './storage.ts';

export interface StartStoragePort {
  readonly console: Pick<Console, 'line'>;
  readonly settings: SystemSettings;
  readonly command: KernelCommandLine;
  hostStorage(
    port: Pick<StoragePort, 'bootDisk' | 'line' | 'blankDisks' | 'restUse' | 'namer' | 'onVolumes'>,
  ): Storage;
  /** Asks for devices that come and go, for as long as the system runs. */
  watchDevices(watch: Pick<DeviceWatch, 'onChange' | 'onError'>): void;
}

/**
 * Looks for disks, and mounts the datastores that are on them. Nobody waits for it: a disk that does not answer takes its time.
 * `onVolumes` hears each time that some may have come or gone.
 */
export function startStorage(
  port: StartStoragePort,
  bootDisk: string | undefined,
  journal: Pick<Journal, 'isNew'>,
  namer: DeviceNamer,
  onVolumes: () => void,
): Storage {
  const { line } = port.console;
  const { blankDisks, bootDiskRest } = port.settings.firstBoot;
  const { isNew } = journal;
  const restUse = restUseOf(bootDiskRest, { isTrial: port.command.trial, isNew });
  const storage = port.hostStorage({ bootDisk, line, blankDisks, restUse, namer, onVolumes });
  void storage.rescan().catch(({ message }: Error) => line(`storage: ${message}`));
  return storage;
}
