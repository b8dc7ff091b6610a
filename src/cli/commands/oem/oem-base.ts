import type { Argv } from 'yargs';

/** `--recipe RECIPE`, for every command that needs a base to hold an OEM against. */
export function baseOption<Options>(yargs: Argv<Options>) {
  return yargs.option('recipe', {
    type: 'string',
    requiresArg: true,
    default: 'twinbank:default',
    describe: 'Recipe that gives product, kernel and base',
  });
}
