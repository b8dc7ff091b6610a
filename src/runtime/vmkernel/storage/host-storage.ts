import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { runHelper } from '../../system/run-helper.ts';
import { findDisks } from './disk-facts.ts';
import { diskIo } from './disk-io.ts';
import { volumes } from './mounts.ts';
import { systemNfs } from './nfs-mount.ts';
import type { StartStoragePort } from './start-storage.ts';
import { openStorage } from './storage.ts';

const programFolders = ['/usr/sbin', '/usr/bin'];

/**
 * The storage of the running system; `readMounts` gives `/proc/mounts`. `onUnmount` is waited for before a volume is unmounted, as it would be
 * kept by what is in use there.
 */
export function hostStorage(
  readMounts: () => string,
  readSwaps: () => string,
  onUnmount: (path: string) => Promise<void>,
): StartStoragePort['hostStorage'] {
  const found = volumes(runHelper, readMounts);
  return (port) =>
    openStorage({
      ...port,
      findDisks,
      readSwaps,
      io: diskIo(runHelper),
      run: runHelper,
      volumes: {
        ...found,
        detach: async (path, force) => {
          await onUnmount(path).catch(({ message }: Error) => port.line(message));
          await found.detach(path, force);
        },
      },
      nfs: systemNfs,
      every: (ms, act) => void setInterval(act, ms).unref(),
      newGuid: randomUUID,
      hasProgram: (name) => programFolders.some((folder) => existsSync(`${folder}/${name}`)),
    });
}
