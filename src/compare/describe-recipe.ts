import { loadRecipe } from '../recipe/load.ts';
import { originData, recipeText } from '../recipe/show.ts';
import type { DescribedRecipe } from './described.ts';

/** The resolved recipe with what set each value; nothing is built. Throws as `loadRecipe` does. */
export function describeRecipe(
  path: string,
  options: { readonly cwd: string; readonly set: readonly string[] },
): DescribedRecipe {
  const { recipe, origins } = loadRecipe(path, options);
  return { kind: 'recipe', path, recipe: recipeText(recipe), origins: originData(origins) };
}
