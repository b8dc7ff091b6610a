import { TwinbankError } from '../diagnostics/error.ts';
import {
  type SettingName,
  type Settings,
  settingNames,
  settingRows,
  statePaths,
} from './setting-rows.ts';
import { expected } from './setting-value.ts';
import type { StateFile } from './state-file.ts';

/** One setting from what somebody gave as its value. Throws as `SettingRow.parse`. */
export function parseSetting(name: SettingName, value: unknown): Partial<Settings> {
  return { [name]: settingRows[name].parse(value) };
}

/**
 * Settings by their names, as somebody gave them to `config.set`; every value is looked at before one is taken. Throws
 * `setting.value` (kind `corrupt`) for the first that is wrong, for a name that is none, and for no setting at all.
 */
export function parseSettings(values: Readonly<Record<string, unknown>>): Partial<Settings> {
  const settable = settingNames.filter((name) => settingRows[name].ownMethods !== true);
  const names = settable.join(', ');
  const given = Object.entries(values);
  if (given.length === 0) throw wrong(`config.set: expected one of ${names}`);
  const parsed = given.map(([name, value]) => {
    const known = settable.find((one) => one === name);
    if (known) return parseSetting(known, value);
    const found = JSON.stringify(name.slice(0, 64));
    throw wrong(`config.set: expected settings of ${names}, found ${found}`);
  });
  return Object.assign({}, ...parsed);
}

function wrong(message: string): TwinbankError {
  return new TwinbankError('corrupt', 'setting.value', message);
}

/** What `config.get` tells: of the password nothing but whether there is one. */
export function shownSettings(settings: Partial<Settings>): Readonly<Record<string, unknown>> {
  const shown = settingNames.flatMap((name) => {
    const { initial } = settingRows[name];
    return initial === undefined ? [] : [[name, settings[name] ?? initial] as const];
  });
  const { rootPasswordHash = '!' } = settings;
  return { ...Object.fromEntries(shown), rootPasswordSet: rootPasswordHash !== '!' };
}

/** The settings of a state's files. Throws `setting.value` (kind `corrupt`) for the first that is wrong. */
export function settingsOfFiles(files: readonly StateFile[]): Partial<Settings> {
  const read = reader(files);
  return Object.assign({}, ...settingNames.map((name) => settingOf(name, read)));
}

/** What files say, and about which of them nothing can be said. */
export interface Configuration {
  readonly settings: Partial<Settings>;
  /** Files of a later version: they mean nothing here, and are saved again as they are. */
  readonly carried: readonly StateFile[];
  /** One sentence each. */
  readonly problems: readonly string[];
}

/** The settings of files, those that are wrong left out. */
export function settingsOf(files: readonly StateFile[]): Configuration {
  const read = reader(files);
  const problems: string[] = [];
  const settings = settingNames.map((name) => {
    try {
      return settingOf(name, read);
    } catch (error) {
      if (!(error instanceof TwinbankError)) throw error;
      problems.push(error.message);
      return {};
    }
  });
  return { settings: Object.assign({}, ...settings), carried: carriedOf(files), problems };
}

/** Those of a state's files that no setting of this version knows. */
export function carriedOf(files: readonly StateFile[]): StateFile[] {
  return files.filter(({ path }) => !statePaths.includes(path));
}

type Reader = (path: string) => string | undefined;

function reader(files: readonly StateFile[]): Reader {
  const texts = new Map(files.map(({ path, bytes }) => [path, Buffer.from(bytes)]));
  return (path) => texts.get(path)?.toString('utf8');
}

/** The setting that its files hold, if they are there. Throws `setting.value` (kind `corrupt`). */
function settingOf(name: SettingName, read: Reader): Partial<Settings> {
  const row = settingRows[name];
  const path = Object.keys(row.files).find((one) => read(one) !== undefined);
  if (path === undefined) return {};
  let value: unknown;
  try {
    value = row.fromFiles(read);
  } catch (error) {
    if (error instanceof SyntaxError) throw expected(path, 'JSON');
    throw error;
  }
  return value === undefined ? {} : parseSetting(name, value);
}

/** The files of settings, as they are saved: those that are given, and nothing else. */
export function filesOfSettings(settings: Partial<Settings>): StateFile[] {
  const texts = new Map<string, string>();
  for (const name of settingNames) {
    for (const [path, text] of Object.entries(textsOf(name, settings))) {
      texts.set(path, (texts.get(path) ?? '') + text);
    }
  }
  return [...texts].map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
}

function textsOf<Name extends SettingName>(
  name: Name,
  settings: Partial<Settings>,
): Readonly<Record<string, string>> {
  const value: Settings[Name] | undefined = settings[name];
  return value === undefined ? {} : settingRows[name].toFiles(value);
}
