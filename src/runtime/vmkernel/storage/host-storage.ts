import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { runHelper } from '../../system/run-helper.ts';
import { textOf } from '../../system/sys-files.ts';
import { findDisks } from './disk-facts.ts';
import { diskIo } from './disk-io.ts';
import { volumes } from './mounts.ts';
import type { StartStoragePort } from './start-storage.ts';
import { openStorage } from './storage.ts';

const programFolders = ['/usr/sbin', '/usr/bin'];

/** The storage of the running system; `readMounts` gives `/proc/mounts`. */
export function hostStorage(readMounts: () => string): StartStoragePort['hostStorage'] {
  return (port) =>
    openStorage({
      ...port,
      findDisks,
      readSwaps: () => textOf('/proc/swaps'),
      io: diskIo(runHelper),
      run: runHelper,
      volumes: volumes(runHelper, readMounts),
      newGuid: randomUUID,
      hasProgram: (name) => programFolders.some((folder) => existsSync(`${folder}/${name}`)),
    });
}
