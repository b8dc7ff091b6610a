import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { mergeLines } from '../../../state/account-lines.ts';
import {
  type Settings,
  settingNames,
  settingRows,
  stateModes,
  statePaths,
} from '../../../state/setting-rows.ts';
import { type Configuration, filesOfSettings, settingsOf } from '../../../state/settings.ts';
import type { StateFile } from '../../../state/state-file.ts';
import { packTar, readTar } from '../../../state/tar.ts';

/** Files of a later version. They lie in one file, and under none of their names: what they mean here, nobody knows. */
const carriedFile = 'run/twinbank/state-carried.tar';

/** Reads what an administrator can change from the files of the running system (below `root`). Never throws. */
export function readConfiguration(root = '/'): Configuration {
  const unreadable: string[] = [];
  const attempt = <T>(path: string, read: (bytes: Buffer) => T, otherwise: T): T => {
    const file = join(root, path);
    try {
      // Most are not there, and an exception takes longer than the question.
      const isThere = statSync(file, { throwIfNoEntry: false }) !== undefined;
      return isThere ? read(readFileSync(file)) : otherwise;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') unreadable.push(message);
      return otherwise;
    }
  };
  const files = statePaths.flatMap((path) =>
    attempt(path, (bytes): StateFile[] => [{ path, bytes }], []),
  );
  const carried = attempt(carriedFile, readTar, []);
  const { settings, problems } = settingsOfLast(root, files);
  return { settings, carried, problems: [...unreadable, ...problems] };
}

type Parsed = Pick<Configuration, 'settings' | 'problems'>;
/** By root. */
const lastParsed = new Map<string, { readonly files: readonly StateFile[]; found: Parsed }>();

/**
 * Screen, health and certificate look at the settings dozens of times a minute, and hardly ever are they others: to parse them takes 1.2 of the
 * 1.4 ms that a look took (a certificate and its key most of it), and most of what an emulated host was busy with while it had nothing to do.
 */
function settingsOfLast(root: string, files: readonly StateFile[]): Parsed {
  const last = lastParsed.get(root);
  if (last && isSame(last.files, files)) return last.found;
  const found = settingsOf(files);
  lastParsed.set(root, { files, found });
  return found;
}

function isSame(some: readonly StateFile[], others: readonly StateFile[]): boolean {
  if (some.length !== others.length) return false;
  return some.every(({ path, bytes }, index) => {
    const other = others[index];
    return path === other?.path && Buffer.from(bytes).equals(other.bytes);
  });
}

/**
 * Writes settings to the files of the running system, each under a temporary name first. Of the files of accounts only the lines of
 * what is local are ours, and root's hash.
 */
export function writeConfiguration(settings: Partial<Settings>, root = '/'): void {
  const all = { ...readConfiguration(root).settings, ...settings };
  const texts = new Map(filesOfSettings(all).map(({ path, bytes }) => [path, bytes.toString()]));
  const merged = mergeAccounts((path) => texts.get(path) ?? '', root);
  for (const path of statePaths) {
    const isGiven = settingNames.some(
      (name) => settings[name] !== undefined && path in settingRows[name].files,
    );
    const text = merged[path] ?? texts.get(path);
    if (isGiven && text !== undefined) writeFile(root, path, text, stateModes[path] ?? 0o600);
  }
}

const accountPaths = { passwd: 'etc/passwd', shadow: 'etc/shadow', group: 'etc/group' } as const;

/** The system's own lines, and those of a text by its path. */
function mergeAccounts(
  own: (path: string) => string,
  root: string,
): Readonly<Record<string, string>> {
  const { passwd, shadow, group } = accountPaths;
  const linesOf = (read: (path: string) => string) => ({
    passwd: read(passwd),
    shadow: read(shadow),
    group: read(group),
  });
  const merged = mergeLines(
    linesOf((path) => readIfThere(join(root, path))),
    linesOf(own),
  );
  return { [passwd]: merged.passwd, [shadow]: merged.shadow, [group]: merged.group };
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Keeps the files of a later version until the next save, and for as long as the power lasts. */
export function writeCarried(files: readonly StateFile[], root = '/'): void {
  if (files.length === 0) rmSync(join(root, carriedFile), { force: true });
  else
    writeFile(root, carriedFile, packTar(files.map((file) => ({ ...file, mode: 0o600 }))), 0o600);
}

/** A layer has the modes of its files by kind only, so that every user could read the hashes in it. */
export function protectShadow(root = '/'): void {
  chmodSync(join(root, 'etc/shadow'), 0o600);
}

function writeFile(root: string, path: string, content: string | Uint8Array, mode: number): void {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(`${target}.new`, content, { mode });
  // A file of that name that was left keeps its own mode.
  chmodSync(`${target}.new`, mode);
  renameSync(`${target}.new`, target);
}
