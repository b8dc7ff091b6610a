import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { parseSize } from '../diagnostics/size.ts';
import { usageError } from './failure.ts';

/** `<recipe>` and `--set`, for every command that names one recipe. */
export function recipeOptions(
  yargs: Argv,
  describe = 'A recipe file, or one that comes with twinbank, such as twinbank:default',
) {
  return setOption(
    yargs.positional('recipe', {
      type: 'string',
      demandOption: true,
      describe,
    }),
  );
}

/** The same for a command that only looks at it, and so takes it from standard input, too. */
export function readRecipeOptions(yargs: Argv) {
  return recipeOptions(
    yargs,
    'A recipe file, one that comes with twinbank, such as twinbank:default, or - for standard input',
  );
}

/** `<image>`, for every command that reads or changes a disk at rest. */
export function diskImagePositional<Options>(yargs: Argv<Options>) {
  return yargs.positional('image', {
    type: 'string',
    demandOption: true,
    describe: 'A disk image, or the disk of a host that does not run',
  });
}

/** `--set k=v`, wherever a recipe is named. */
export function setOption<Options>(yargs: Argv<Options>) {
  return yargs.option('set', {
    type: 'string',
    array: true,
    default: [] as string[],
    defaultDescription: 'nothing',
    requiresArg: true,
    describe:
      'Replace one value of the recipe, as in bank.size=48MiB; PATH.add= and PATH.remove= change a list; may be repeated',
  });
}

/** `--oem DIR|FILE`, wherever a recipe is built. */
export function oemOption<Options>(yargs: Argv<Options>) {
  return yargs.option('oem', {
    type: 'string',
    array: true,
    default: [] as string[],
    defaultDescription: 'OEMs of the recipe',
    requiresArg: true,
    describe:
      'OEM provider to build in: a folder or a packed .oem file; may be repeated; replaces the OEMs of the recipe',
  });
}

/** `--trust-oem`, wherever a provider's own code may run. */
export function trustOemOption<Options>(yargs: Argv<Options>) {
  return yargs.option('trust-oem', {
    type: 'boolean',
    describe: 'Run the code of an OEM folder with your own rights, not confined by bubblewrap',
  });
}

/** Throws a usage error that names every OEM of a command line that is not there. */
export function assertOemPaths(paths: readonly string[], cwd: string): void {
  const missing = [...new Set(paths)].flatMap((path) => {
    const full = resolve(cwd, path);
    const there = statSync(full, { throwIfNoEntry: false });
    if (there?.isDirectory() && !existsSync(join(full, 'provider.yaml'))) {
      return `${path}, which has none`;
    }
    return there ? [] : `no such file: ${path}`;
  });
  if (missing.length === 0) return;
  const expected = 'expected folders with a provider.yaml, or packed .oem files';
  throw usageError(`--oem: ${expected}, found ${missing.join('; ')}`);
}

/** What `loadRecipe` takes for the OEMs of a command line: without any, those of the recipe stay. */
export function oemPaths(paths: readonly string[]): readonly string[] | undefined {
  return paths.length === 0 ? undefined : paths;
}

/** Bytes of an option such as `--size 2GiB`; its `name` is without dashes. Throws a usage error. */
export function sizeOption(name: string, text: string): number {
  const size = parseSize(text);
  if (size !== undefined) return size;
  throw usageError(`--${name}: expected a size such as 2GiB, found ${JSON.stringify(text)}`);
}
