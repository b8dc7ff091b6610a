/** A user whom an administrator has made. */
export interface LocalUser {
  readonly name: string;
  /** 1000 to 1999, as all others are the system's own. */
  readonly uid: number;
  /** 100 (`users`), or a local group. */
  readonly gid: number;
  readonly fullName: string;
  /** crypt(5), SHA-256 or SHA-512; `!`: no password lets this user in. */
  readonly hash: string;
}

export interface LocalGroup {
  readonly name: string;
  /** 1000 to 1999 */
  readonly gid: number;
  /** Names of local users. */
  readonly members: readonly string[];
}

/** Users and groups beside those that every system has. */
export interface Accounts {
  readonly users: readonly LocalUser[];
  readonly groups: readonly LocalGroup[];
  /** Local users in groups of the system. */
  readonly members: Readonly<Record<OpenGroup, readonly string[]>>;
  /** Hashes of users of the system that log in over the network. */
  readonly passwords: Readonly<Partial<Record<RemoteUser, string>>>;
}

/** Groups of the system that local users may be in. */
export const openGroups = ['localadmin', 'users'] as const;
export type OpenGroup = (typeof openGroups)[number];
/** Beside root. */
export const remoteUsers = ['vpxuser'] as const;
export type RemoteUser = (typeof remoteUsers)[number];

export const localNumbers = { first: 1000, last: 1999 } as const;
/** So that all settings at their largest fit a slot (test/unit/state/slot-room.test.ts). */
export const mostAccounts = { users: 250, groups: 50 } as const;

/** The users and groups of the system, also those of agents that come: no local one can have such a name. */
export const reservedNames: readonly string[] = [
  ...['root', 'dcui', 'vpxuser', 'nobody', 'nogroup', 'tty', 'localadmin', 'users'],
  ...['syslog', 'hostd', 'proxy', 'cim', 'slp', 'snmp', 'ntp', 'iscsi', 'vmm'],
];

export const noAccounts: Accounts = {
  users: [],
  groups: [],
  members: { localadmin: [], users: [] },
  passwords: {},
};

/** A name of a local user or group: what passwd(5) and programs of others can bear. */
export function isAccountName(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/.test(value);
}

/** For people: nothing that ends a field, a line or a terminal's patience. */
export function isFullName(value: unknown): value is string {
  return typeof value === 'string' && /^[^:\p{Cc}\u202a-\u202e\u2066-\u2069]{0,64}$/u.test(value);
}
