import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import { authorizationMethods } from '../../../hostcore/users/authorization-service.ts';
import { groupsMethods } from '../../../hostcore/users/groups-service.ts';
import type { UsersPort } from '../../../hostcore/users/users-port.ts';
import { usersMethods } from '../../../hostcore/users/users-service.ts';
import type { Method } from '../../../protocol/json-rpc.ts';
import { readSystemAccounts } from '../../../state/account-lines.ts';
import { fileConfiguration } from './host-state.ts';

export interface HostUsersOptions extends Pick<UsersPort, 'keeper' | 'trustedNetwork'> {
  readonly root?: string;
}

/** The methods by which users, groups, roles and permissions of the running system are seen and changed. */
export function hostUsers({
  keeper,
  trustedNetwork,
  root = '/',
}: HostUsersOptions): Readonly<Record<string, Method>> {
  const text = (path: string): string => readFileSync(join(root, path), 'utf8');
  const port: UsersPort = {
    keeper,
    trustedNetwork,
    configuration: fileConfiguration(root),
    system: () => readSystemAccounts({ passwd: text('etc/passwd'), group: text('etc/group') }),
    random: randomBytes,
    now: () => performance.now(),
    pause: () => pause(),
  };
  return { ...usersMethods(port), ...groupsMethods(port), ...authorizationMethods(port) };
}
