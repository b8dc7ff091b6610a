import type { ResolvedRecipe } from './schema.ts';
import { nearestEntry, type Path, pathText, type Tree } from './tree.ts';

/**
 * Where the values of a recipe stand. It is kept beside the recipe, which is plain data that is shown, compared and
 * hashed; whoever finds a mistake in it that no schema knows, such as a driver that the kernel does not have, can name
 * the line.
 */
const trees = new WeakMap<ResolvedRecipe, Tree>();

/** Remembers what a recipe was resolved from. Returns the recipe. */
export function withPlaces(recipe: ResolvedRecipe, tree: Tree | undefined): ResolvedRecipe {
  if (tree) trees.set(recipe, tree);
  return recipe;
}

/** What a recipe was resolved from; undefined of one that was not loaded. */
export function placesOf(recipe: ResolvedRecipe): Tree | undefined {
  return trees.get(recipe);
}

/** `recipes/lab.yaml:12:9 modules.drivers.drivers[3]`: what a message begins with that is about this value. */
export function recipePlace(recipe: ResolvedRecipe, path: Path): string {
  const tree = trees.get(recipe);
  const place = tree && nearestEntry(tree, path).value.place;
  const text = pathText(path);
  if (!place || place.source.kind === 'default') return text;
  const { source, line, column } = place;
  return `${line === null ? source.shown : `${source.shown}:${line}:${column}`} ${text}`;
}
