import type { Method } from '../../../protocol/json-rpc.ts';
import type { HostPackages } from './host-packages.ts';

/** The methods about the packages of the store (docs/vmkd.md). */
export function storeMethods(
  packages: Pick<HostPackages, 'check' | 'open'>,
): Record<string, Method> {
  return {
    'store.list': () => packages.check(),
    'store.open': ({ id }) => packages.open(id),
  };
}
