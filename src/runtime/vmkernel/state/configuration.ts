import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Settings, stateModes, statePaths } from '../../../state/setting-rows.ts';
import { type Configuration, filesOfSettings, settingsOf } from '../../../state/settings.ts';
import type { StateFile } from '../../../state/state-file.ts';
import { packTar, readTar } from '../../../state/tar.ts';

/** Files of a later version. They lie in one file, and under none of their names: what they mean here, nobody knows. */
const carriedFile = 'run/twinbank/state-carried.tar';

/** Reads what an administrator can change from the files of the running system (below `root`). Never throws. */
export function readConfiguration(root = '/'): Configuration {
  const unreadable: string[] = [];
  const attempt = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') unreadable.push(message);
      return otherwise;
    }
  };
  const files = statePaths.flatMap((path) =>
    attempt((): StateFile[] => [{ path, bytes: readFileSync(join(root, path)) }], []),
  );
  const carried = attempt(() => readTar(readFileSync(join(root, carriedFile))), []);
  const { settings, problems } = settingsOf(files);
  return { settings, carried, problems: [...unreadable, ...problems] };
}

/**
 * Writes settings to the files of the running system, each under a temporary name first. Of `etc/shadow`
 * only root's line is ours; the image may have others.
 */
export function writeConfiguration(settings: Partial<Settings>, root = '/'): void {
  for (const { path, bytes } of filesOfSettings(settings)) {
    const others = path === 'etc/shadow' ? otherAccounts(root) : '';
    writeFile(root, path, bytes, stateModes[path] ?? 0o600, others);
  }
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

function otherAccounts(root: string): string {
  const path = join(root, 'etc/shadow');
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('root:'))
    .map((line) => `${line}\n`)
    .join('');
}

function writeFile(root: string, path: string, bytes: Uint8Array, mode: number, more = ''): void {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(`${target}.new`, Buffer.concat([bytes, Buffer.from(more)]), { mode });
  // A file of that name that was left keeps its own mode.
  chmodSync(`${target}.new`, mode);
  renameSync(`${target}.new`, target);
}
