import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { imageName } from '../../../builder/build-image.ts';
import { readOemFile } from '../../../builder/oem/oem-file.ts';
import { loadRecipe } from '../../../recipe/load.ts';
import { loadProvider } from '../../../recipe/provider.ts';
import { recipePath } from '../../../recipe/recipe-path.ts';
import type { ResolvedRecipe } from '../../../recipe/schema.ts';
import { usageError } from '../../failure.ts';
import { assertOemPaths, oemPaths } from '../../options.ts';

/** One image of a build: a recipe, and the OEMs that replace the recipe's own. */
export interface OrderedImage {
  /** As it was named. */
  readonly recipe: string;
  /** Undefined leaves the recipe's own OEMs. */
  readonly oem: readonly string[] | undefined;
  /** What its results are called, without endings. */
  readonly name: string;
  /** What can be known before building; where it is broken, why. */
  readonly loaded: { readonly resolved: ResolvedRecipe } | { readonly error: unknown };
}

interface OrderOptions {
  readonly recipes: readonly string[];
  readonly set: readonly string[];
  readonly oem: readonly string[];
  /** Each `--oem` is a column, instead of all being stacked in one image. */
  readonly matrix: boolean;
  readonly cwd: string;
}

/**
 * The images of a command line, recipe by recipe. Throws a usage error for options that say nothing or name an OEM that is
 * not there, and where the results of two images would have one name; and what is said of a recipe that is not there.
 */
export function orderImages({ recipes, set, oem, matrix, cwd }: OrderOptions): OrderedImage[] {
  const columns = matrix && oem.length > 0 ? oem.map(columnOf) : [oemPaths(oem)];
  // Nobody waits for the images before it to hear of a name that was mistyped.
  assertOemPaths(
    columns.flatMap((column) => column ?? []),
    cwd,
  );
  const images = recipes.flatMap((recipe) =>
    columns.map((column): OrderedImage => {
      const loaded = attempt(() => loadRecipe(recipe, { set, oem: column, cwd }).recipe);
      if ('error' in loaded)
        return { recipe, oem: column, name: unknownName(recipe, column), loaded };
      const { result: resolved } = loaded;
      const image = imageName(resolved);
      const labels = attempt(() => (column ?? []).map((path) => oemLabel(path, cwd)));
      if ('error' in labels) {
        return { recipe, oem: column, name: unknownName(image, column), loaded: labels };
      }
      return {
        recipe,
        oem: column,
        name: [image, ...labels.result].join('+'),
        loaded: { resolved },
      };
    }),
  );
  for (const { recipe, loaded } of images) {
    if ('error' in loaded && !existsSync(recipePath(recipe, cwd))) throw loaded.error;
  }
  assertNamesDiffer(images);
  return images;
}

/** `a,b`: both in one image; `none`: an image without OEMs. */
function columnOf(text: string): string[] {
  if (text === 'none') return [];
  const paths = text.split(',').map((path) => path.trim());
  if (paths.every((path) => path !== '' && path !== 'none')) return paths;
  throw usageError(
    `--oem: expected a provider, several separated by commas, or just none, found ${JSON.stringify(text)}`,
  );
}

/** `NAME-VERSION` of an OEM, as its folder or its signed manifest says. */
function oemLabel(path: string, cwd: string): string {
  const full = resolve(cwd, path);
  const { name, version } = statSync(full).isDirectory()
    ? loadProvider(full, cwd)
    : readOemFile(full).module;
  return `${name}-${version}`;
}

function unknownName(recipe: string, column: readonly string[] = []): string {
  return [recipe, ...column].join(' + ');
}

function assertNamesDiffer(images: readonly OrderedImage[]): void {
  const seen = new Map<string, OrderedImage>();
  for (const image of images) {
    if ('error' in image.loaded) continue;
    // A file system may know names in any case.
    const key = image.name.toLowerCase();
    const before = seen.get(key);
    seen.set(key, image);
    if (!before) continue;
    const [first, second] = [before, image].map(({ recipe, oem }) => unknownName(recipe, oem));
    throw usageError(
      `expected images of different names, found ${image.name}.img of ${first} and of ${second}; give one another name or version, or build it into another folder by --out`,
    );
  }
}

function attempt<T>(work: () => T): { readonly result: T } | { readonly error: unknown } {
  try {
    return { result: work() };
  } catch (error) {
    return { error };
  }
}
