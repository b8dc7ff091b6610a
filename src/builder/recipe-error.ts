import { TwinbankError } from '../diagnostics/error.ts';
import { leaves } from '../recipe/origin.ts';
import { recipePlace } from '../recipe/recipe-places.ts';
import type { ResolvedRecipe } from '../recipe/schema.ts';
import { recipeText } from '../recipe/show.ts';

/**
 * Does what is made of a recipe's components. One that does not exist is told with the lines that name it, which
 * nobody further down knows.
 */
export async function atRecipeLines<T>(recipe: ResolvedRecipe, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TwinbankError) || !Array.isArray(error.data.components)) throw error;
    const missing = error.data.components.map(String);
    const places = leaves(recipeText(recipe)).flatMap(([path, value]) => {
      const isMissing = missing.some((one) => value === one || String(value).startsWith(`${one}#`));
      return isMissing ? [recipePlace(recipe, path)] : [];
    });
    if (places.length === 0) throw error;
    const { kind, code, data, message } = error;
    // The lines end with the key; who did not know them began with it.
    const key = `${data.key}: `;
    const rest = message.startsWith(key) ? message.slice(key.length) : message;
    const text = `${places.join(', ')}: ${rest}`;
    throw new TwinbankError(kind, code, text, { data, cause: error });
  }
}
