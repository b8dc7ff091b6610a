import { authorizationMethods } from '../../../../src/hostcore/users/authorization-service.ts';
import { groupsMethods } from '../../../../src/hostcore/users/groups-service.ts';
import type { UsersPort } from '../../../../src/hostcore/users/users-port.ts';
import { usersMethods } from '../../../../src/hostcore/users/users-service.ts';
import type { Method } from '../../../../src/protocol/json-rpc.ts';
import { type MemoryHost, memoryHost } from '../memory-host.ts';

/** A host in memory whose users are asked by their methods, with a clock that a test moves. */
export interface UsersHost {
  readonly host: MemoryHost;
  readonly port: UsersPort;
  readonly clock: { now: number };
  /** How often a check of a password let others work; `stuck`: the next ones never go on. */
  readonly pauses: { count: number; stuck: boolean };
  /** Calls a method; rejects with what it throws. */
  ask(method: string, params?: object): Promise<Record<string, unknown>>;
  login(name: string, password: string, from?: string): Promise<Record<string, unknown>>;
}

export async function usersHost(options: { trustedNetwork?: boolean } = {}): Promise<UsersHost> {
  const host = memoryHost();
  const { keeper, configuration, files } = host.boot(5);
  files.set('etc/shadow', Buffer.from('root::::::::\n'));
  await keeper.restore();
  const clock = { now: 0 };
  const pauses = { count: 0, stuck: false };
  let salt = 0;
  const port: UsersPort = {
    keeper,
    configuration,
    system: () => ({
      users: [
        { name: 'root', uid: 0, gid: 0, fullName: 'Administrator' },
        { name: 'vpxuser', uid: 500, gid: 100, fullName: 'Central manager' },
      ],
      groups: [
        { name: 'root', gid: 0, members: ['root'] },
        { name: 'localadmin', gid: 50, members: ['dcui'] },
        { name: 'users', gid: 100, members: [] },
      ],
    }),
    random: (bytes) => new Uint8Array(bytes).fill(salt++),
    now: () => clock.now,
    pause: () => {
      pauses.count++;
      return new Promise((resolve) => {
        if (!pauses.stuck) setImmediate(resolve);
      });
    },
    trustedNetwork: options.trustedNetwork ?? false,
  };
  const methods: Readonly<Record<string, Method>> = {
    ...usersMethods(port),
    ...groupsMethods(port),
    ...authorizationMethods(port),
  };
  const ask: UsersHost['ask'] = async (method, params = {}) =>
    (await methods[method]!({ ...params })) as Record<string, unknown>;
  const login: UsersHost['login'] = (name, password, from = 'network') =>
    ask('users.authenticate', { name, password, from });
  return { host, port, clock, pauses, ask, login };
}
