import type { Method } from '../../../protocol/json-rpc.ts';
import type { Storage } from './storage.ts';

/** The methods about disks and datastores (docs/vmkd.md). */
export function storageMethods(storage: Pick<Storage, 'list' | 'rescan'>): Record<string, Method> {
  return {
    'storage.list': () => storage.list(),
    'storage.rescan': async () => {
      await storage.rescan(true);
      return storage.list();
    },
  };
}
