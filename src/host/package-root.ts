import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TwinbankError } from '../diagnostics/error.ts';

/**
 * The folder of twinbank's own package: the agents are bundled from its sources. The command line runs
 * from dist/, a test from src/; both lie below it. Throws `build.no-sources` for a program that was taken
 * out of its package, or comes from the store, where it has none.
 */
export function packageRoot(start = dirname(fileURLToPath(import.meta.url))): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (isOurs(folder)) return folder;
    if (dirname(folder) !== folder) continue;
    throw new TwinbankError(
      'io',
      'build.no-sources',
      `${start}: expected twinbank's package around it, with the sources that an image is built from, found none; build from a checkout or an installed package`,
    );
  }
}

/** twinbank's version, from its package.json. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')).version;
}

const versions = new Map<string, string>();

/** The version of a package that twinbank depends on, without loading it; of one process it is one. */
export function installedVersion(name: string): string {
  const known = versions.get(name) ?? readVersion(name);
  versions.set(name, known);
  return known;
}

function readVersion(name: string): string {
  const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return JSON.parse(readFileSync(path, 'utf8')).version;
}

function isOurs(folder: string): boolean {
  const path = join(folder, 'package.json');
  if (!existsSync(path) || !existsSync(join(folder, 'src/runtime'))) return false;
  return JSON.parse(readFileSync(path, 'utf8')).name === 'twinbank';
}
