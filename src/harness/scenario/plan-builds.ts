import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Diagnostic, diagnose } from '../../recipe/diagnostic.ts';
import { isShippedName, knownRecipes, recipePath } from '../../recipe/recipe-path.ts';
import { type MapTree, nearestEntry, type Path } from '../../recipe/tree.ts';
import type { Variant } from '../report/run-event.ts';
import { type BuildOrder, buildOrder } from './builds.ts';
import type { ScenarioFile } from './scenario-schema.ts';

/** Paths of a matrix's OEMs. */
export function oemsOf(text: string): string[] {
  return text === 'none' ? [] : text.split('+').map((one) => one.trim());
}

/** What a scenario's builds order in one variant; `recipe` is taken where none is named. What is not there is a problem. */
export function planBuilds(
  file: ScenarioFile,
  tree: MapTree,
  variant: Variant,
  options: { readonly recipe: string },
  add: (problem: Diagnostic) => void,
): Map<string, BuildOrder> {
  const { directory } = tree.place.source;
  const found = (named: string, at: Path, expected: string): string => {
    const absolute = resolve(directory, named);
    if (!existsSync(absolute)) add(problemAt(tree, at, expected, `nothing at ${named}`));
    return absolute;
  };
  const recipeAt = (named: string, at: Path): string => {
    if (!isShippedName(named)) return found(named, at, 'a recipe');
    const path = recipePath(named, directory);
    const { expected, suggestion } = knownRecipes(named);
    if (!existsSync(path)) add(problemAt(tree, at, expected, JSON.stringify(named), suggestion));
    return path;
  };
  const recipe = file.recipe === undefined ? options.recipe : recipeAt(file.recipe, ['recipe']);
  const oemOfMatrix =
    variant.oem === undefined
      ? undefined
      : oemsOf(variant.oem).map((one) => found(one, ['matrix', 'oem'], 'an OEM provider'));
  return new Map(
    Object.entries(file.builds ?? { default: {} }).map(([name, entry]) => {
      const at = ['builds', name];
      const own = entry.oem?.map((one, index) =>
        found(one, [...at, 'oem', index], 'an OEM provider'),
      );
      const places = {
        recipe: entry.recipe === undefined ? recipe : recipeAt(entry.recipe, [...at, 'recipe']),
        oem: own ?? oemOfMatrix,
      };
      return [name, buildOrder(name, entry, places)];
    }),
  );
}

/** A problem at a path, or at the nearest one that is there. */
export function problemAt(
  tree: MapTree,
  path: Path,
  expected: string,
  found: string,
  suggestion: string | null = null,
): Diagnostic {
  const near = nearestEntry(tree, path);
  return diagnose(near.value.place, near.path, expected, found, suggestion);
}
