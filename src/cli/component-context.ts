import { resolve } from 'node:path';
import { systemApt } from '../builder/components/apt.ts';
import { userCache } from '../builder/components/cache-key.ts';
import { enterCache } from '../builder/components/cache-use.ts';
import type { ComponentContext } from '../builder/components/component.ts';
import { parseLock } from '../builder/components/lock.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { isShippedName } from '../recipe/recipe-path.ts';
import type { Context } from './command.ts';
import { usageError } from './failure.ts';
import { readSmallFile } from './secrets/read-descriptor.ts';
import { shellPath } from './text/shell-word.ts';

/** More than the lock of any recipe has. */
const maxLockBytes = 2 ** 24;

/** Where `recipe lock` writes and `--locked` reads. Throws a usage error for a recipe that comes with twinbank: it has no place for one. */
export function lockPath(recipe: string): string {
  if (isShippedName(recipe)) {
    throw usageError(
      `expected a recipe of your own, beside which its lock lies, found ${recipe}; write one that has just \`extends: ${recipe}\` and lock that`,
    );
  }
  return `${recipe.replace(/\.ya?ml$/, '')}.lock.yaml`;
}

interface ComponentOptions {
  /** Path of a recipe whose lock is held to. */
  readonly lockedRecipe?: string | undefined;
  /** `--trust-oem` */
  readonly trustOem?: boolean | undefined;
}

/** The user's cache and the system's apt. */
export async function componentContext(
  context: Context,
  { lockedRecipe, trustOem = false }: ComponentOptions = {},
): Promise<ComponentContext> {
  const { env, report, signal, cwd } = context;
  const cache = userCache(env, report);
  await enterCache(cache.directory, signal);
  const components = {
    cache,
    apt: { ...systemApt, noted: {} },
    report,
    signal,
    trustOem,
  };
  if (lockedRecipe === undefined) return components;
  const path = lockPath(lockedRecipe);
  const wanted = { name: path, limit: maxLockBytes };
  const lock = readSmallFile(context, resolve(cwd, path), wanted);
  const bytes = await lock.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new TwinbankError(
      'recipe',
      'lock.missing',
      `${path}: expected the recipe's lock, found none; write it with twinbank recipe lock ${shellPath(lockedRecipe)}`,
    );
  });
  return { ...components, lock: parseLock(bytes.toString('utf8'), path) };
}
