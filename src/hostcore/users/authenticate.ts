import type { Method } from '../../protocol/json-rpc.ts';
import { RpcError } from '../../protocol/rpc-error.ts';
import { openGroups, remoteUsers } from '../../state/accounts.ts';
import { isPassword } from '../../state/password-hash.ts';
import { mostPasswordLength } from '../../state/password-policy.ts';
import { mutex } from '../mutex.ts';
import { usage } from '../params.ts';
import { type LockOut, lockOut } from './lock-out.ts';
import { accountsOf, securityOf, textParam, type UsersPort } from './users-port.ts';

/** Whoever logs in at the host itself is never locked out, and may have no password yet. */
export const origins = ['console', 'network'] as const;
export type Origin = (typeof origins)[number];

export type AuthenticateAnswer =
  | {
      readonly ok: true;
      readonly name: string;
      /** Of the system and local ones. */
      readonly groups: readonly string[];
      /** There is no password yet; over the network nothing else may be done. */
      readonly mustSetPassword: boolean;
    }
  /** `wrong` is also said of a name that there is not. */
  | { readonly ok: false; readonly why: 'wrong' | 'no-root-password' }
  | { readonly ok: false; readonly why: 'locked'; readonly seconds: number };

/** Checks of passwords that may wait; a flood is refused, as each takes tens of milliseconds. */
const mostWaiting = 32;
/** Of no password: what is checked where there is no such user, so that it takes as long. */
const nobodysHash = `$6$nobodysnobodys$${'.'.repeat(86)}`;

/** `users.authenticate`: whether a password is that of a user. Takes as long for a name that there is not. */
export function authenticator(port: UsersPort): {
  readonly authenticate: Method;
  readonly lock: LockOut;
} {
  const lock = lockOut(
    port.now,
    () => {
      const { lockFailures, unlockSeconds } = securityOf(port);
      return { failures: lockFailures, longestMs: unlockSeconds * 1000 };
    },
    (name) => hashOf(port, name) !== undefined,
  );
  const alone = mutex();
  let waiting = 0;
  /** One at a time, so that however many ask, vmkd has more to do than this. */
  const check = async (password: string, hash: string): Promise<boolean> => {
    if (waiting >= mostWaiting) {
      const message = `expected at most ${mostWaiting} passwords to be checked at once, found more`;
      throw new RpcError('users.busy', message);
    }
    waiting++;
    try {
      return await alone(() => isPassword(password, hash, port.pause));
    } finally {
      waiting--;
    }
  };

  async function authenticate(params: Record<string, unknown>): Promise<AuthenticateAnswer> {
    const name = textParam(params, 'name');
    const password = textParam(params, 'password');
    const from = origins.find((one) => one === params.from);
    if (!from) throw usage('from', origins.join(' or '), params.from);
    const hash = hashOf(port, name);
    const isUnset = rootIsUnset(port);
    if (isUnset && from === 'network' && !(port.trustedNetwork && name === 'root')) {
      return { ok: false, why: 'no-root-password' };
    }
    if (from === 'network') {
      const waitMs = lock.waitMs(name);
      if (waitMs > 0) return { ok: false, why: 'locked', seconds: Math.ceil(waitMs / 1000) };
      lock.begin(name);
    }
    const isShort = password.length <= mostPasswordLength;
    const isRight = await check(isShort ? password : '', isCheckable(hash) ? hash : nobodysHash);
    const isFirst = isUnset && name === 'root' && password === '';
    if (!(isFirst || (isRight && isShort && isCheckable(hash)))) return { ok: false, why: 'wrong' };
    lock.succeed(name);
    return { ok: true, name, groups: groupsOf(port, name), mustSetPassword: isFirst };
  }

  return { authenticate, lock };
}

/** Nobody has given root a password, and nobody has locked it. */
export function rootIsUnset({ configuration }: Pick<UsersPort, 'configuration'>): boolean {
  return configuration.read().settings.rootPasswordHash === undefined;
}

/** Undefined: there is no such user, or none that logs in; `!`: no password lets in. */
function hashOf(port: UsersPort, name: string): string | undefined {
  const { rootPasswordHash = '!' } = port.configuration.read().settings;
  const { users, passwords } = accountsOf(port);
  if (name === 'root') return rootPasswordHash;
  const remote = remoteUsers.find((one) => one === name);
  if (remote) return passwords[remote];
  return users.find((user) => user.name === name)?.hash;
}

function isCheckable(hash: string | undefined): hash is string {
  return hash !== undefined && hash !== '!';
}

/** Of a user of the system or a local one, by name. */
export function groupsOf(port: UsersPort, name: string): string[] {
  const { users, groups, members } = accountsOf(port);
  const system = port.system();
  const gid = [...system.users, ...users].find((user) => user.name === name)?.gid;
  const inGroup = [...system.groups, ...groups].filter(
    (group) => group.gid === gid || group.members.includes(name),
  );
  const open = openGroups.filter((group) => members[group].includes(name));
  return [...new Set([...inGroup.map((group) => group.name), ...open])];
}
