import { join } from 'node:path';
import type { Argv } from 'yargs';
import { packageRoot } from '../../../builder/package-root.ts';

/** `--recipe RECIPE`, for every command that needs a base to hold an OEM against. */
export function baseOption<Options>(yargs: Argv<Options>) {
  return yargs.option('recipe', {
    type: 'string',
    requiresArg: true,
    defaultDescription: "twinbank's recipes/default.yaml",
    describe: 'Recipe whose product, kernel and base it is for',
  });
}

/** The recipe that the option names, or the one that comes with twinbank. */
export function basePath(recipe: string | undefined): string {
  return recipe ?? join(packageRoot(), 'recipes/default.yaml');
}
