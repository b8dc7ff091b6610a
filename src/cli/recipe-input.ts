import { loadRecipe } from '../recipe/load.ts';
import type { Context } from './command.ts';
import { readDescriptor } from './secrets/read-descriptor.ts';
import { standardInput } from './standard-input.ts';

/** More than `loadRecipe` takes, which says how long a recipe may be. */
const maxBytes = 2 ** 20;

/**
 * The recipe at a path, or for `-` the one that comes through standard input: what it names lies below the current
 * folder then. Throws as `loadRecipe` does.
 */
export async function loadNamedRecipe(context: Context, path: string, set: readonly string[]) {
  const { cwd } = context;
  if (path !== '-') return { name: path, ...loadRecipe(path, { set, cwd }) };
  const content = await readDescriptor(context, 0, { name: standardInput, limit: maxBytes });
  return { name: standardInput, ...loadRecipe(standardInput, { set, cwd, content }) };
}
