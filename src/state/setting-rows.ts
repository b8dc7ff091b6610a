import { accounts } from './accounts-setting.ts';
import { authorization } from './authorization.ts';
import { datastoreNames } from './datastore-names.ts';
import { deviceNames } from './device-names.ts';
import { listeners } from './listener-settings.ts';
import { type NetworkSettings, parseNetwork } from './network-settings.ts';
import { nfs } from './nfs-settings.ts';
import { resources } from './resources-setting.ts';
import { rootPasswordHash } from './root-password.ts';
import { security } from './security-settings.ts';
import { jsonSetting, lineSetting, type SettingRow } from './setting-row.ts';
import { expected, isHost, isHostName, listOf, membersOf } from './setting-value.ts';
import { parseSyslog, type SyslogSettings } from './syslog-settings.ts';
import { tls } from './tls-setting.ts';

/**
 * What an administrator can change: one row a setting, in the order in which the archive has their files. By hand: the bank has
 * no schema library. A new row needs no new schema, as every version keeps the files that it does not know; a new member of a file
 * that there is does (migrations.ts).
 */
const rows = {
  hostname: lineSetting('etc/hostname', {
    parse: (value) => {
      if (isHostName(value) && value.length <= 64) return value;
      throw expected('hostname', 'a host name of at most 64 letters, digits, - and .', value);
    },
    initial: '',
  }),
  /** crypt(5), `$5$` (SHA-256) or `$6$` (SHA-512); `!`: nobody logs in with a password. */
  rootPasswordHash,
  accounts,
  network: jsonSetting<NetworkSettings>('etc/vmware/network.json', {
    parse: parseNetwork,
    initial: { mode: 'dhcp' },
  }),
  syslog: jsonSetting<SyslogSettings>('etc/vmware/syslog.json', {
    parse: parseSyslog,
    initial: { targets: [] },
  }),
  ntp: jsonSetting<{ readonly servers: readonly string[] }>('etc/vmware/ntp.json', {
    parse: (value) => {
      const { servers } = membersOf('ntp', value, ['servers']);
      return { servers: listOf('ntp.servers', servers, 8, 'a host name or address', isHost) };
    },
    initial: { servers: [] },
  }),
  /** Who may try a password how often, and what a new one has to have. */
  security,
  authorization,
  devices: deviceNames,
  datastoreNames,
  nfs,
  resources,
  tls,
  listeners,
};

export type SettingName = keyof typeof rows;
export type Settings = {
  readonly [Name in SettingName]: ReturnType<(typeof rows)[Name]['parse']>;
};
export const settingRows: { readonly [Name in SettingName]: SettingRow<Settings[Name]> } = rows;
export const settingNames = Object.keys(rows) as SettingName[];
/** Those that an OEM can have defaults for; whoever administers the host decides. */
export const oemSettingNames = ['syslog', 'ntp'] as const satisfies readonly SettingName[];

/** The files of all settings with their modes, in the order of the archive. */
export const stateModes: Readonly<Record<string, number>> = Object.assign(
  {},
  ...settingNames.map((name) => settingRows[name].files),
);
export const statePaths: readonly string[] = Object.keys(stateModes);
