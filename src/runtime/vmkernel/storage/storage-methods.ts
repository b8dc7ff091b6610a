import { TwinbankError } from '../../../diagnostics/error.ts';
import type { LiveConfiguration } from '../../../hostcore/host-port.ts';
import type { StateKeeper } from '../../../hostcore/state-keeper.ts';
import type { Method } from '../../../protocol/json-rpc.ts';
import { RpcError } from '../../../protocol/rpc-error.ts';
import { type NfsDatastore, parseNfsDatastore } from '../../../state/nfs-settings.ts';
import type { Storage } from './storage.ts';

export interface StorageMethodsPort {
  readonly storage: Pick<Storage, 'list' | 'rescan' | 'nfs'>;
  readonly keeper: Pick<StateKeeper, 'save'>;
  readonly configuration: Pick<LiveConfiguration, 'read' | 'write'>;
}

/** The methods about disks and datastores (docs/vmkd.md). */
export function storageMethods(port: StorageMethodsPort): Record<string, Method> {
  const { storage, keeper, configuration } = port;
  const change = (next: (held: readonly NfsDatastore[]) => readonly NfsDatastore[]) => {
    const held = configuration.read().settings.nfs?.datastores ?? [];
    configuration.write({ nfs: { datastores: next(held) } });
    return keeper.save();
  };
  return {
    'storage.list': () => storage.list(),
    'storage.rescan': async () => {
      await storage.rescan(true);
      return storage.list();
    },
    'storage.nfs.list': async () => ({ datastores: await storage.nfs.list() }),
    'storage.nfs.add': async (params) => {
      const wanted = parsed(params);
      await storage.nfs.add(wanted);
      return change((held) => [...held, wanted]);
    },
    'storage.nfs.remove': async ({ name }) => {
      if (typeof name !== 'string') throw new RpcError('usage', 'name: expected text');
      const { server, port: at, path } = await storage.nfs.remove(name);
      const isOther = (one: NfsDatastore): boolean =>
        one.server !== server || one.port !== at || one.path !== path;
      return change((held) => held.filter(isOther));
    },
  };
}

/** Throws `usage` with the sentence of the first value that is wrong. */
function parsed(params: Record<string, unknown>): NfsDatastore {
  try {
    return parseNfsDatastore(params, 'storage.nfs.add');
  } catch (error) {
    throw error instanceof TwinbankError ? new RpcError('usage', error.message) : error;
  }
}
