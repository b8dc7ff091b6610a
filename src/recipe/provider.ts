import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { diagnose, recipeError } from './diagnostic.ts';
import { type Provider, providerSchema } from './provider-schema.ts';
import { fileSource, readRecipeFile } from './recipe-file.ts';
import { validateAgainst } from './validate.ts';

/** An OEM provider: what its provider.yaml says, and where its files are. */
export interface LoadedProvider extends Provider {
  /** Absolute path of `files/`; undefined where it has none. */
  readonly files: string | undefined;
}

/**
 * Loads the OEM provider in a folder (relative to `cwd`).
 * @throws TwinbankError recipe, `recipe.invalid`: all problems, one a line, as for a recipe
 */
export function loadProvider(folder: string, cwd: string): LoadedProvider {
  const path = join(resolve(cwd, folder), 'provider.yaml');
  const source = fileSource(path, cwd);
  const { file, problems } = readRecipeFile(path, source, null, 'provider');
  const checked = file && validateAgainst(providerSchema, file.tree);
  const all = [...problems, ...(checked?.problems ?? [])];
  const files = join(resolve(cwd, folder), 'files');
  const status = statSync(files, { throwIfNoEntry: false });
  if (status && !status.isDirectory()) {
    const place = { source, line: null, column: null };
    all.push(diagnose(place, ['files'], 'a directory beside provider.yaml', 'something else'));
  }
  if (!checked?.value || all.length > 0) throw recipeError(all);
  return { ...checked.value, files: status ? files : undefined };
}
