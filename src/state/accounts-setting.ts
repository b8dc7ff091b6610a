import { type AccountLines, linesOf, readAccounts } from './account-lines.ts';
import {
  type Accounts,
  isAccountName,
  isFullName,
  type LocalGroup,
  type LocalUser,
  localNumbers,
  mostAccounts,
  noAccounts,
  openGroups,
  remoteUsers,
  reservedNames,
} from './accounts.ts';
import { isCrypted } from './root-password.ts';
import type { SettingRow } from './setting-row.ts';
import { expected, listOf, membersOf } from './setting-value.ts';

const files = { passwd: 'etc/passwd', shadow: 'etc/shadow', group: 'etc/group' } as const;

/** The lines of local users and groups of passwd(5), shadow(5) and group(5). */
export const accounts: SettingRow<Accounts> = {
  files: { [files.passwd]: 0o644, [files.shadow]: 0o600, [files.group]: 0o644 },
  ownMethods: true,
  parse: parseAccounts,
  toFiles: (value) => {
    const { passwd, shadow, group } = linesOf(value);
    const texts = { [files.passwd]: passwd, [files.shadow]: shadow, [files.group]: group };
    return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''));
  },
  fromFiles: (read) => {
    const lines: AccountLines = {
      passwd: read(files.passwd) ?? '',
      shadow: read(files.shadow) ?? '',
      group: read(files.group) ?? '',
    };
    const found = readAccounts(lines);
    return JSON.stringify(found) === JSON.stringify(noAccounts) ? undefined : found;
  },
};

function parseAccounts(value: unknown): Accounts {
  const given = membersOf('accounts', value, ['users', 'groups', 'members', 'passwords']);
  const users = namedList('users', given.users).map((user, at) => parseUser(user, at));
  const groups = namedList('groups', given.groups);
  const userNames = users.map(({ name }) => name);
  const isUser = (one: unknown): one is string => userNames.includes(one as string);
  const membersAt = (place: string, list: unknown): string[] =>
    listOf(place, list, mostAccounts.users, 'a local user', isUser);
  const parsed = groups.map((group, at): LocalGroup => {
    const place = `accounts.groups[${at}]`;
    const { name, gid, members } = membersOf(place, group, ['name', 'gid', 'members']);
    return {
      name: localName(`${place}.name`, name),
      gid: localNumber(`${place}.gid`, gid),
      members: membersAt(`${place}.members`, members),
    };
  });
  assertEachOnce('users', 'name', userNames);
  assertEachOnce(
    'users',
    'uid',
    users.map(({ uid }) => uid),
  );
  assertEachOnce(
    'groups',
    'name',
    parsed.map(({ name }) => name),
  );
  assertEachOnce(
    'groups',
    'gid',
    parsed.map(({ gid }) => gid),
  );
  for (const [at, { gid }] of users.entries()) {
    if (gid !== 100 && !parsed.some((group) => group.gid === gid)) {
      throw expected(`accounts.users[${at}].gid`, '100 or the number of a local group', gid);
    }
  }
  const members = membersOf('accounts.members', given.members, openGroups);
  return {
    users,
    groups: parsed,
    members: {
      localadmin: membersAt('accounts.members.localadmin', members.localadmin),
      users: membersAt('accounts.members.users', members.users),
    },
    passwords: parsePasswords(given.passwords),
  };
}

function parseUser(value: unknown, at: number): LocalUser {
  const place = `accounts.users[${at}]`;
  const names = ['name', 'uid', 'gid', 'fullName', 'hash'] as const;
  const { name, uid, gid, fullName, hash } = membersOf(place, value, names);
  if (typeof gid !== 'number') throw expected(`${place}.gid`, 'a number', gid);
  if (!isFullName(fullName)) {
    throw expected(`${place}.fullName`, 'at most 64 characters without : and line feeds', fullName);
  }
  if (hash !== '!' && !isCrypted(hash)) {
    throw expected(`${place}.hash`, 'a hash of crypt that begins with $5$ or $6$, or !');
  }
  return {
    name: localName(`${place}.name`, name),
    uid: localNumber(`${place}.uid`, uid),
    gid,
    fullName,
    hash,
  };
}

function parsePasswords(value: unknown): Accounts['passwords'] {
  const given = membersOf('accounts.passwords', value, remoteUsers);
  const wrong = Object.entries(given).find(([, hash]) => !isCrypted(hash));
  if (wrong) throw expected(`accounts.passwords.${wrong[0]}`, 'a hash of crypt');
  return given as Accounts['passwords'];
}

function namedList(what: 'users' | 'groups', value: unknown): Record<string, unknown>[] {
  const place = `accounts.${what}`;
  if (!Array.isArray(value)) throw expected(place, 'a list', value);
  if (value.length > mostAccounts[what]) {
    throw expected(place, `at most ${mostAccounts[what]}`, value.length);
  }
  const other = value.findIndex((one) => !(typeof one === 'object' && one !== null));
  if (other >= 0) throw expected(`${place}[${other}]`, 'an object', value[other]);
  return value;
}

function localName(place: string, value: unknown): string {
  const what = 'a name of at most 32 letters, digits, _, . and -';
  if (!isAccountName(value)) throw expected(place, what, value);
  if (reservedNames.includes(value)) throw expected(place, 'no name of the system', value);
  return value;
}

function localNumber(place: string, value: unknown): number {
  const { first, last } = localNumbers;
  const isLocal = Number.isInteger(value) && Number(value) >= first && Number(value) <= last;
  if (!isLocal) throw expected(place, `a whole number from ${first} to ${last}`, value);
  return Number(value);
}

function assertEachOnce(what: string, member: string, values: readonly (string | number)[]): void {
  const at = values.findIndex((one, index) => values.indexOf(one) < index);
  if (at >= 0) throw expected(`accounts.${what}[${at}].${member}`, 'each one once', values[at]);
}
