import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type StateFile, type StatePath, statePaths } from '../../../state/archive.ts';
import {
  type Configuration,
  filesOfSettings,
  type Settings,
  settingsOf,
} from '../../../state/settings.ts';

/** Reads what an administrator can change from the files of the running system (below `root`). Never throws. */
export function readConfiguration(root = '/'): Configuration {
  const unreadable: string[] = [];
  const files = statePaths.flatMap((path): StateFile[] => {
    try {
      return [{ path, bytes: readFileSync(join(root, path)) }];
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') unreadable.push(message);
      return [];
    }
  });
  const { settings, problems } = settingsOf(files);
  return { settings, problems: [...unreadable, ...problems] };
}

/**
 * Writes settings to the files of the running system, each under a temporary name first. Of `etc/shadow`
 * only root's line is ours; the image may have others.
 */
export function writeConfiguration(settings: Partial<Settings>, root = '/'): void {
  for (const { path, bytes } of filesOfSettings(settings)) {
    const text = Buffer.from(bytes).toString('utf8');
    if (path === 'etc/shadow') writeFile(root, path, text + otherAccounts(root), 0o600);
    else writeFile(root, path, text, 0o644);
  }
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

function writeFile(root: string, path: StatePath, text: string, mode: number): void {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(`${target}.new`, text, { mode });
  // A file of that name that was left keeps its own mode.
  chmodSync(`${target}.new`, mode);
  renameSync(`${target}.new`, target);
}
