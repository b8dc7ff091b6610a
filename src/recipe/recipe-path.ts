import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import { packageRoot } from '../host/package-root.ts';
import { nearestWord } from './nearest-word.ts';

/** What names of recipes begin with that come with twinbank: `twinbank:default` is its recipes/default.yaml. */
const scheme = 'twinbank:';
const folderName = 'recipes';

/** True for `twinbank:NAME`; a file of such a name is `./twinbank:NAME`. */
export function isShippedName(named: string): boolean {
  return named.startsWith(scheme);
}

/** Whether an argument that can be an image, too, names a recipe. */
export function isRecipeName(named: string): boolean {
  return isShippedName(named) || /\.ya?ml$/i.test(named);
}

/**
 * The absolute path of the recipe that is called `named`: `twinbank:NAME`, or a path from `directory`. There need be nothing
 * at it. Throws `build.no-sources` for a name where twinbank has no package around it.
 */
export function recipePath(named: string, directory: string): string {
  if (!isShippedName(named)) return resolve(directory, named);
  // In one piece, as nothing outside the folder has such a name.
  const name = named.slice(scheme.length).replaceAll(/[\\/]/g, '_');
  return join(packageRoot(), folderName, `${name}.yaml`);
}

/** `twinbank:NAME` of the path of a shipped recipe, whether it is there or not; undefined of any other. */
export function shippedName(path: string): string | undefined {
  // Only then is a package.json read.
  if (basename(dirname(path)) !== folderName || !path.endsWith('.yaml')) return undefined;
  return dirname(path) === shippedFolder() ? `${scheme}${basename(path, '.yaml')}` : undefined;
}

/** What was expected in place of an unknown `twinbank:NAME`, and what was probably meant. */
export function knownRecipes(named: string): { expected: string; suggestion: string | null } {
  const folder = shippedFolder();
  const names = (folder === undefined ? [] : readdirSync(folder))
    .filter((file) => file.endsWith('.yaml') && !file.endsWith('.lock.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort();
  const near = nearestWord(named.slice(scheme.length), names);
  return {
    expected: `a recipe that comes with twinbank (${names.join(', ')})`,
    suggestion: near === null ? null : `${scheme}${near}`,
  };
}

/** Undefined in the command that an image's store has, which is one file. */
function shippedFolder(): string | undefined {
  try {
    return join(packageRoot(), folderName);
  } catch (error) {
    if (error instanceof TwinbankError && error.code === 'build.no-sources') return undefined;
    throw error;
  }
}
