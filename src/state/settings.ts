import { TwinbankError } from '../diagnostics/error.ts';
import type { StateFile, StatePath } from './archive.ts';
import { type NetworkSettings, parseNetwork } from './network-settings.ts';
import { expected, isHost, isHostName, listOf, membersOf } from './setting-value.ts';

/** What an administrator can change so far. */
export interface Settings {
  readonly hostname: string;
  /** crypt(5), `$5$` (SHA-256) or `$6$` (SHA-512); `!`: nobody logs in with a password. */
  readonly rootPasswordHash: string;
  readonly network: NetworkSettings;
  /** Where log messages are sent beside the host's own log: `HOST` or `HOST:PORT`, `[IPv6]` in brackets. */
  readonly syslog: { readonly targets: readonly string[] };
  readonly ntp: { readonly servers: readonly string[] };
}
export type SettingName = keyof Settings;
/** Those that an OEM can have defaults for; whoever administers the host decides. */
export const oemSettingNames = ['syslog', 'ntp'] as const satisfies readonly SettingName[];

interface SettingRow<T> {
  readonly path: StatePath;
  /** The value in its one form. Throws `setting.value` (kind `corrupt`), one sentence with its place. */
  parse(value: unknown): T;
  /** The file of a value, and what a file says; `fromText` may throw a SyntaxError. */
  toText(value: T): string;
  fromText(text: string): unknown;
}

const json = {
  toText: (value: object): string => `${JSON.stringify(value, null, 2)}\n`,
  fromText: (text: string): unknown => JSON.parse(text),
};

const crypted =
  /^\$(5\$(rounds=[0-9]{4,9}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{43}|6\$(rounds=[0-9]{4,9}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86})$/;

/** One row a setting: its file below `/`, and how both are checked. By hand: the bank has no schema library. */
export const settingRows: { readonly [Name in SettingName]: SettingRow<Settings[Name]> } = {
  hostname: {
    path: 'etc/hostname',
    parse: (value) => {
      if (isHostName(value) && value.length <= 64) return value;
      throw expected('hostname', 'a host name of at most 64 letters, digits, - and .', value);
    },
    toText: (value) => `${value}\n`,
    fromText: (text) => text.trim(),
  },
  rootPasswordHash: {
    path: 'etc/shadow',
    parse: (value) => {
      if (value === '' || value === '!' || value === '*') return '!';
      if (typeof value === 'string' && crypted.test(value)) return value;
      // What was found may be a password.
      const what = 'a hash of crypt that begins with $5$ or $6$, or nothing';
      throw expected('rootPasswordHash', what);
    },
    // shadow(5): name, hash, and seven fields of ageing, all of them off.
    toText: (value) => `root:${value}:::::::\n`,
    fromText: (text) => /^root:([^:\n]*)(:|$)/m.exec(text)?.[1],
  },
  network: { path: 'etc/vmware/network.json', parse: parseNetwork, ...json },
  syslog: {
    path: 'etc/vmware/syslog.json',
    parse: (value) => {
      const { targets } = membersOf('syslog', value, ['targets']);
      const what = 'HOST or HOST:PORT';
      return { targets: listOf('syslog.targets', targets, 8, what, isSyslogTarget) };
    },
    ...json,
  },
  ntp: {
    path: 'etc/vmware/ntp.json',
    parse: (value) => {
      const { servers } = membersOf('ntp', value, ['servers']);
      return { servers: listOf('ntp.servers', servers, 8, 'a host name or address', isHost) };
    },
    ...json,
  },
};
export const settingNames = Object.keys(settingRows) as SettingName[];

/** One setting from what somebody gave as its value. Throws as {@link SettingRow.parse}. */
export function parseSetting(name: SettingName, value: unknown): Partial<Settings> {
  return { [name]: settingRows[name].parse(value) };
}

/**
 * Settings by their names, as somebody gave them; every value is looked at before one is taken. Throws
 * `setting.value` (kind `corrupt`) for the first that is wrong, for a name that is none, and for no setting at all.
 */
export function parseSettings(values: Readonly<Record<string, unknown>>): Partial<Settings> {
  const names = settingNames.join(', ');
  const given = Object.entries(values);
  if (given.length === 0) throw wrong(`config.set: expected one of ${names}`);
  const parsed = given.map(([name, value]) => {
    const known = settingNames.find((one) => one === name);
    if (known) return parseSetting(known, value);
    const found = JSON.stringify(name.slice(0, 64));
    throw wrong(`config.set: expected settings of ${names}, found ${found}`);
  });
  return Object.assign({}, ...parsed);
}

function wrong(message: string): TwinbankError {
  return new TwinbankError('corrupt', 'setting.value', message);
}

const defaults = {
  hostname: '',
  network: { mode: 'dhcp' } as NetworkSettings,
  syslog: { targets: [] },
  ntp: { servers: [] },
};

/** What `config.get` tells: of the password nothing but whether there is one. */
export function shownSettings({ rootPasswordHash = '!', ...settings }: Partial<Settings>) {
  return { ...defaults, ...settings, rootPasswordSet: rootPasswordHash !== '!' };
}

/** The settings of a state's files. Throws `setting.value` (kind `corrupt`) for the first that is wrong. */
export function settingsOfFiles(files: readonly StateFile[]): Partial<Settings> {
  return Object.assign({}, ...files.map((file) => settingOfFile(file)));
}

/** What files say, and about which of them nothing can be said. */
export interface Configuration {
  readonly settings: Partial<Settings>;
  /** One sentence each. */
  readonly problems: readonly string[];
}

/** The settings of files, those that are wrong left out. */
export function settingsOf(files: readonly StateFile[]): Configuration {
  const problems: string[] = [];
  const settings = files.map((file) => {
    try {
      return settingOfFile(file);
    } catch (error) {
      if (!(error instanceof TwinbankError)) throw error;
      problems.push(error.message);
      return {};
    }
  });
  return { settings: Object.assign({}, ...settings), problems };
}

/** The setting that one file holds. Throws `setting.value` (kind `corrupt`). */
export function settingOfFile({ path, bytes }: StateFile): Partial<Settings> {
  const name = settingNames.find((one) => settingRows[one].path === path);
  if (!name) return {};
  const text = Buffer.from(bytes).toString('utf8');
  let value: unknown;
  try {
    value = settingRows[name].fromText(text);
  } catch {
    throw expected(path, 'JSON');
  }
  return parseSetting(name, value);
}

/** The files of settings, as they are saved: those that are given, and nothing else. */
export function filesOfSettings(settings: Partial<Settings>): StateFile[] {
  return settingNames.flatMap((name): StateFile[] => {
    const text = textOf(name, settings);
    return text === undefined ? [] : [{ path: settingRows[name].path, bytes: Buffer.from(text) }];
  });
}

function textOf<Name extends SettingName>(
  name: Name,
  settings: Partial<Settings>,
): string | undefined {
  const value: Settings[Name] | undefined = settings[name];
  return value === undefined ? undefined : settingRows[name].toText(value);
}

function isSyslogTarget(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  const [, bracketed, name, port] =
    /^(?:\[([^\]]+)\]|([^:[\]]+))(?::([0-9]{1,5}))?$/.exec(value) ?? [];
  const right =
    bracketed === undefined ? isHost(name) : bracketed.includes(':') && isHost(bracketed);
  return right && (port === undefined || (Number(port) >= 1 && Number(port) <= 65_535));
}
