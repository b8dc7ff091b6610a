import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { recipeError } from './diagnostic.ts';
import { resolveHostFiles } from './host-files.ts';
import { collectLayers } from './layers.ts';
import { mergeLayers } from './merge-layers.ts';
import { oemTree } from './oem-option.ts';
import { findOrigins, type Origins } from './origin.ts';
import { fileSource, unknownRecipe } from './recipe-file.ts';
import { isShippedName, recipePath } from './recipe-path.ts';
import { withPlaces } from './recipe-places.ts';
import type { ResolvedRecipe } from './schema.ts';
import { readSetOption } from './set-option.ts';
import { recipeText } from './show.ts';
import { validateTree } from './validate.ts';

interface LoadedRecipe {
  recipe: ResolvedRecipe;
  origins: Origins;
  /** Absolute paths of all recipe files that took part, the lowest layer first. */
  files: string[];
}

interface LoadOptions {
  readonly set?: readonly string[];
  readonly oem?: readonly string[] | undefined;
  readonly cwd?: string;
  /** What stands in the recipe, where `path` is no file but only what messages call it. */
  readonly content?: Uint8Array | undefined;
}

/**
 * Loads the recipe at `path` (relative to `cwd`, or `twinbank:NAME`) with everything it extends, its overlays and the
 * `--set` options laid over it, in this order. `oem`, where it is there, replaces the recipe's OEMs.
 * @throws TwinbankError recipe, `recipe.invalid`: all problems, one a line, `data.diagnostics` as
 *   Diagnostic[]; usage, `usage.set`: an option that is not PATH=VALUE
 */
export function loadRecipe(path: string, options: LoadOptions = {}): LoadedRecipe {
  const cwd = resolve(options.cwd ?? process.cwd());
  const file = recipePath(path, cwd);
  if (isShippedName(path) && !existsSync(file)) {
    const source = { kind: 'file', shown: 'recipe', directory: cwd } as const;
    throw recipeError([unknownRecipe(path, { source, line: null, column: null }, [])]);
  }
  const sets = (options.set ?? []).map((option) => readSetOption(option, cwd));
  const { layers, files, problems, complete } = collectLayers(file, cwd, options.content);
  problems.push(...sets.flatMap((set) => set.problems));
  // With a layer missing, the others would be blamed for what it holds.
  if (!complete) throw recipeError(problems);

  const oem = options.oem ? [oemTree(options.oem, cwd)] : [];
  const trees = [...layers, ...sets.flatMap(({ tree }) => tree ?? []), ...oem];
  const start = { source: fileSource(file, cwd), line: 1, column: 1 };
  const { tree, problems: unmerged } = mergeLayers(trees, start);

  const { recipe, problems: wrong } = validateTree(tree);
  const missing = recipe ? resolveHostFiles(recipe, tree, cwd) : [];
  const all = [...problems, ...unmerged, ...wrong, ...missing];
  if (!recipe || all.length > 0) throw recipeError(all);
  withPlaces(recipe, tree);
  return { recipe, origins: findOrigins(recipeText(recipe), tree), files };
}
