import {
  type Accounts,
  type LocalGroup,
  type LocalUser,
  localNumbers,
  openGroups,
  remoteUsers,
} from './accounts.ts';
import { expected } from './setting-value.ts';

/** Texts of passwd(5), shadow(5) and group(5). */
export interface AccountLines {
  readonly passwd: string;
  readonly shadow: string;
  readonly group: string;
}

/** The lines of what is local, and nothing else. */
export function linesOf({ users, groups, members, passwords }: Accounts): AccountLines {
  const open = openGroups.filter((name) => members[name].length > 0);
  const hashes = [...users.map(({ name, hash }) => [name, hash]), ...Object.entries(passwords)];
  return {
    passwd: text(
      users.map(
        ({ name, uid, gid, fullName }) => `${name}:x:${uid}:${gid}:${fullName}:/:/bin/false`,
      ),
    ),
    // All seven fields of ageing are off.
    shadow: text(hashes.map(([name, hash]) => `${name}:${hash}:::::::`)),
    group: text([
      ...groups.map((group) => `${group.name}:x:${group.gid}:${group.members.join(',')}`),
      ...open.map((name) => `${name}:x:${openNumbers[name]}:${members[name].join(',')}`),
    ]),
  };
}

/** Numbers of the system's groups that local users may be in. */
const openNumbers = { localadmin: 50, users: 100 } as const;

/** What is local in the files of a system or a state. Throws `setting.value` for a line that is none. */
export function readAccounts({ passwd, shadow, group }: AccountLines): Accounts {
  const hashes = new Map(recordsOf('etc/shadow', shadow, 2).map(([name, hash]) => [name, hash]));
  const users = recordsOf('etc/passwd', passwd, 7).flatMap((fields): LocalUser[] => {
    const [name = '', , uid, gid, fullName = ''] = fields;
    if (!isLocal(uid)) return [];
    const hash = hashes.get(name) ?? '';
    // An empty field would let everybody in.
    return [{ name, uid: Number(uid), gid: Number(gid), fullName, hash: hash || '!' }];
  });
  const groups = recordsOf('etc/group', group, 4);
  const isUser = (name: string): boolean => users.some((user) => user.name === name);
  const membersOf = (list = ''): string[] => list.split(',').filter((name) => isUser(name));
  const local = groups.flatMap(([name = '', , gid, members]): LocalGroup[] =>
    isLocal(gid) ? [{ name, gid: Number(gid), members: membersOf(members) }] : [],
  );
  const open = openGroups.map(
    (name) => [name, membersOf(groups.find(([one]) => one === name)?.[3])] as const,
  );
  const passwords = remoteUsers.flatMap((name) => {
    const hash = hashes.get(name) ?? '';
    return hash.startsWith('$') ? [[name, hash] as const] : [];
  });
  return {
    users,
    groups: local,
    members: Object.fromEntries(open) as unknown as Accounts['members'],
    passwords: Object.fromEntries(passwords),
  };
}

/**
 * The files of a system with other lines of what is local, and of passwords: the lines of the system stay. A name that is also one of
 * the system is left out, as an administrator cannot know the users of a version that comes.
 */
export function mergeLines(system: AccountLines, own: AccountLines): AccountLines {
  const users = linesWithNames(system.passwd);
  const wasLocal = new Set(
    users.filter(({ fields }) => isLocal(fields[2])).map(({ name }) => name),
  );
  const kept = users.filter(({ name }) => !wasLocal.has(name));
  const shadow = linesWithNames(system.shadow).filter(({ name }) => !wasLocal.has(name));
  const groups = linesWithNames(system.group).filter(({ fields }) => !isLocal(fields[2]));
  const added = (text: string, taken: readonly NamedLine[]): string[] =>
    linesWithNames(text).flatMap(({ name, line }) =>
      taken.some((one) => one.name === name) ? [] : [line],
    );
  // Whose name is taken has no password either.
  const clash = linesWithNames(own.passwd).filter(({ name }) =>
    kept.some((one) => one.name === name),
  );
  const hashes = linesWithNames(own.shadow).filter(
    (one) => !clash.some(({ name }) => name === one.name),
  );
  const hashLine = ({ name, line }: NamedLine): string => {
    const given = hashes.find((one) => one.name === name)?.line;
    const isRemote = remoteUsers.some((one) => one === name);
    return given ?? (isRemote ? `${name}:!:::::::` : line);
  };
  const groupLine = ({ name, line, fields }: NamedLine): string => {
    if (!openGroups.some((one) => one === name)) return line;
    const [, field, gid, members = ''] = fields;
    const given = linesWithNames(own.group).find((one) => one.name === name)?.fields[3] ?? '';
    const more = given.split(',').filter((one) => !clash.some((user) => user.name === one));
    const all = [...members.split(',').filter((one) => !wasLocal.has(one)), ...more];
    return [name, field, gid, [...new Set(all)].filter((one) => one !== '').join(',')].join(':');
  };
  return {
    passwd: text([...kept.map(({ line }) => line), ...added(own.passwd, kept)]),
    shadow: text([
      ...shadow.map(hashLine),
      ...hashes
        .filter(({ name }) => !shadow.some((one) => one.name === name))
        .map(({ line }) => line),
    ]),
    group: text([...groups.map(groupLine), ...added(own.group, groups)]),
  };
}

interface NamedLine {
  readonly name: string;
  readonly line: string;
  readonly fields: readonly string[];
}

function linesWithNames(file: string): NamedLine[] {
  return file.split('\n').flatMap((line) => {
    const fields = line.split(':');
    return line === '' ? [] : [{ name: fields[0] ?? '', line, fields }];
  });
}

/** The fields of each line. Throws `setting.value` for a line that has fewer than `least`. */
function recordsOf(path: string, file: string, least: number): (readonly string[])[] {
  return linesWithNames(file).map(({ fields }, at) => {
    if (fields.length >= least) return fields;
    throw expected(`${path}: line ${at + 1}`, `${least} fields or more`, fields.length);
  });
}

function isLocal(number: string | undefined): boolean {
  const value = /^[0-9]{1,9}$/.test(number ?? '') ? Number(number) : -1;
  return value >= localNumbers.first && value <= localNumbers.last;
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** Users and groups that the system itself has, of its files. */
export interface SystemAccounts {
  readonly users: readonly Omit<LocalUser, 'hash'>[];
  readonly groups: readonly LocalGroup[];
}

export function readSystemAccounts({
  passwd,
  group,
}: Pick<AccountLines, 'passwd' | 'group'>): SystemAccounts {
  return {
    users: linesWithNames(passwd).flatMap(({ name, fields: [, , uid, gid, fullName = ''] }) =>
      isLocal(uid) ? [] : [{ name, uid: Number(uid), gid: Number(gid), fullName }],
    ),
    groups: linesWithNames(group).flatMap(({ name, fields: [, , gid, members = ''] }) =>
      isLocal(gid)
        ? []
        : [{ name, gid: Number(gid), members: members.split(',').filter((one) => one !== '') }],
    ),
  };
}
