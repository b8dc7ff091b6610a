import { RpcError } from '../../protocol/rpc-error.ts';
import { isAccountName, localNumbers, reservedNames } from '../../state/accounts.ts';
import { usage } from '../params.ts';
import { accountsOf, type UsersPort } from './users-port.ts';

export type AccountKind = 'user' | 'group';

/** Throws `usage` for what is no name, and `users.exists` for one that a user or group has, or a later system will have. */
export function assertFreeName(port: UsersPort, kind: AccountKind, name: string): void {
  if (!isAccountName(name)) {
    throw usage('name', 'at most 32 letters, digits, _, . and -, no digit first', name);
  }
  const system = port.system();
  const local = accountsOf(port);
  const taken =
    kind === 'user' ? [...system.users, ...local.users] : [...system.groups, ...local.groups];
  if (reservedNames.includes(name) || taken.some((one) => one.name === name)) {
    throw new RpcError('users.exists', `name: expected one that is free, found ${name}`);
  }
}

/** The number that was asked for, or the lowest that is free. Throws `usage`, `users.exists`. */
export function freeNumber(place: string, value: unknown, taken: readonly number[]): number {
  const { first, last } = localNumbers;
  if (value !== undefined) {
    const isLocal = Number.isInteger(value) && Number(value) >= first && Number(value) <= last;
    if (!isLocal) throw usage(place, `a whole number from ${first} to ${last}`, value);
    if (!taken.includes(Number(value))) return Number(value);
    throw new RpcError('users.exists', `${place}: expected one that is free, found ${value}`);
  }
  let number: number = first;
  while (taken.includes(number)) number++;
  return number;
}

export function unknownName(kind: AccountKind, name: string): RpcError {
  const found = JSON.stringify(name.slice(0, 64));
  return new RpcError('users.unknown', `name: expected the name of a ${kind}, found ${found}`);
}
