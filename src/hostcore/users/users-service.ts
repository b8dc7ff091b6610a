import type { Method } from '../../protocol/json-rpc.ts';
import { RpcError } from '../../protocol/rpc-error.ts';
import {
  type Accounts,
  isFullName,
  type LocalUser,
  mostAccounts,
  openGroups,
  type RemoteUser,
  remoteUsers,
} from '../../state/accounts.ts';
import { cryptSalt, hashPassword } from '../../state/password-hash.ts';
import { parsePolicy, passwordProblem, policyText } from '../../state/password-policy.ts';
import { parseSetting } from '../../state/settings.ts';
import { mutex } from '../mutex.ts';
import { usage } from '../params.ts';
import { assertFreeName, freeNumber, unknownName } from './account-names.ts';
import { authenticator, groupsOf } from './authenticate.ts';
import { withoutPrincipal } from './authorization-service.ts';
import {
  accountsOf,
  change,
  namesParam,
  type Saved,
  securityOf,
  textParam,
  type UsersPort,
} from './users-port.ts';

/** A user as it is shown: never with a hash. */
export interface ShownUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly fullName: string;
  readonly groups: readonly string[];
  /** One that every host has. */
  readonly system: boolean;
  readonly passwordSet: boolean;
  /** Seconds until the next password over the network is looked at; 0: now. */
  readonly lockedSeconds: number;
}

/** The methods by which users are seen, made, changed and logged in (docs/users.md). */
export function usersMethods(port: UsersPort): Readonly<Record<string, Method>> {
  const { authenticate, lock } = authenticator(port);
  const alone = mutex();

  const shown = (): ShownUser[] => {
    const { users, passwords } = accountsOf(port);
    const { rootPasswordHash = '!' } = port.configuration.read().settings;
    const show = (user: Omit<LocalUser, 'hash'>, system: boolean, hash = '!'): ShownUser => ({
      name: user.name,
      uid: user.uid,
      gid: user.gid,
      fullName: user.fullName,
      system,
      groups: groupsOf(port, user.name),
      passwordSet: hash !== '!',
      lockedSeconds: Math.ceil(lock.waitMs(user.name) / 1000),
    });
    const hashes: Partial<Record<string, string>> = { ...passwords, root: rootPasswordHash };
    return [
      ...port.system().users.map((user) => show(user, true, hashes[user.name])),
      ...users.map((user) => show(user, false, user.hash)),
    ];
  };
  const get = (name: string): ShownUser => {
    const found = shown().find((user) => user.name === name);
    if (!found) throw unknownName('user', name);
    return found;
  };
  const localUser = (name: string): LocalUser => {
    const found = accountsOf(port).users.find((user) => user.name === name);
    if (found) return found;
    if (!get(name).system) throw unknownName('user', name);
    throw new RpcError('users.system', `${name}: expected a local user, found one of the system`);
  };
  const assertGood = (name: string, password: string): void => {
    const policy = parsePolicy(securityOf(port).passwordQuality);
    const problem = passwordProblem(policy, password, name);
    if (problem !== undefined) throw new RpcError('users.password', `password: ${problem}`);
  };
  const hashOf = (password: string): Promise<string> =>
    hashPassword(password, cryptSalt(port.random(12)), port.pause);
  const put = (accounts: Accounts): Promise<Saved> =>
    change(port, parseSetting('accounts', accounts));

  async function create(params: Record<string, unknown>) {
    const name = textParam(params, 'name');
    assertFreeName(port, 'user', name);
    const fullName = fullNameParam(params.fullName ?? '');
    const { users } = accountsOf(port);
    if (users.length >= mostAccounts.users) {
      throw new RpcError('users.full', `expected at most ${mostAccounts.users} local users`);
    }
    const { password } = params;
    if (password !== undefined) assertGood(name, textParam(params, 'password'));
    const hash = typeof password === 'string' ? await hashOf(password) : '!';
    const now = accountsOf(port);
    const uid = freeNumber(
      'uid',
      params.uid,
      now.users.map((user) => user.uid),
    );
    const user = { name, uid, gid: 100, fullName, hash };
    const saved = await put({ ...now, users: [...now.users, user] });
    return { ...saved, user: get(name) };
  }

  async function update(params: Record<string, unknown>) {
    const user = localUser(textParam(params, 'name'));
    const now = accountsOf(port);
    const fullName = params.fullName === undefined ? user.fullName : fullNameParam(params.fullName);
    const groups = params.groups === undefined ? undefined : namesParam(params, 'groups');
    const users = now.users.map((one) => (one.name === user.name ? { ...one, fullName } : one));
    const saved = await put({ ...now, users, ...(groups && inGroups(now, user.name, groups)) });
    return { ...saved, user: get(user.name) };
  }

  async function remove(params: Record<string, unknown>) {
    const { name } = localUser(textParam(params, 'name'));
    const now = accountsOf(port);
    const rest = inGroups(now, name, []);
    const users = now.users.filter((user) => user.name !== name);
    const rights = withoutPrincipal(port, name, false);
    port.configuration.write(parseSetting('accounts', { ...now, ...rest, users }));
    return { ...(await change(port, rights.settings)), permissionsRemoved: rights.removed };
  }

  async function setPassword(params: Record<string, unknown>) {
    const name = textParam(params, 'name');
    const password = textParam(params, 'password');
    const remote = remoteUsers.find((one) => one === name);
    if (name !== 'root' && !remote) localUser(name);
    assertGood(name, password);
    const hash = await hashOf(password);
    const saved = await putHash(name, remote, hash);
    lock.succeed(name);
    return saved;
  }

  function putHash(name: string, remote: RemoteUser | undefined, hash: string): Promise<Saved> {
    if (name === 'root') return change(port, { rootPasswordHash: hash });
    const now = accountsOf(port);
    if (remote) return put({ ...now, passwords: { ...now.passwords, [remote]: hash } });
    const users = now.users.map((user) => (user.name === name ? { ...user, hash } : user));
    return put({ ...now, users });
  }

  return {
    'users.list': () => ({ users: shown() }),
    'users.get': (params) => get(textParam(params, 'name')),
    'users.policy': () => {
      const security = securityOf(port);
      return { ...security, text: policyText(parsePolicy(security.passwordQuality)) };
    },
    'users.create': (params) => alone(() => create(params)),
    'users.update': (params) => alone(() => update(params)),
    'users.remove': (params) => alone(() => remove(params)),
    'users.setPassword': (params) => alone(() => setPassword(params)),
    'users.authenticate': authenticate,
  };
}

/** The same accounts, with a user in these groups and in no others. Throws `users.group` for one that takes no local users. */
function inGroups(
  { groups, members }: Accounts,
  name: string,
  wanted: readonly string[],
): Pick<Accounts, 'groups' | 'members'> {
  const open: readonly string[] = [...openGroups, ...groups.map((group) => group.name)];
  const other = wanted.find((group) => !open.includes(group));
  if (other !== undefined) {
    const found = `found ${JSON.stringify(other.slice(0, 64))}`;
    throw new RpcError('users.group', `groups: expected some of ${open.join(', ')}, ${found}`);
  }
  const listed = (group: string, list: readonly string[]): string[] => [
    ...list.filter((one) => one !== name),
    ...(wanted.includes(group) ? [name] : []),
  ];
  return {
    groups: groups.map((group) => ({ ...group, members: listed(group.name, group.members) })),
    members: {
      localadmin: listed('localadmin', members.localadmin),
      users: listed('users', members.users),
    },
  };
}

function fullNameParam(value: unknown): string {
  if (isFullName(value)) return value;
  throw usage('fullName', 'at most 64 characters without : and line feeds', value);
}
