import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import manifest from '../../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '../..');

/**
 * What `npm pack` makes of the sources, in a copy of them in `folder`: it builds dist/, which the tests beside this one run from.
 * Returns the path of the tarball.
 */
export function packPackage(folder: string): string {
  const copy = join(folder, 'clone');
  mkdirSync(copy);
  const sources = manifest.files.filter((name) => name !== 'dist' && !name.startsWith('!'));
  for (const name of [...sources, 'package.json', 'scripts'])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  npm(['pack', '--silent', '--pack-destination', folder], copy);
  return join(folder, `twinbank-${manifest.version}.tgz`);
}

/** Runs npm with what is in its cache, as far as it is there. */
export function npm(args: readonly string[], cwd: string): void {
  const options = ['--no-audit', '--no-fund', '--no-update-notifier', '--prefer-offline'];
  execFileSync('npm', [...args, ...options], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
}
