import { join } from 'node:path';
import { buildImage } from '../../src/builder/build-image.ts';
import { systemApt } from '../../src/builder/components/apt.ts';
import { userCache } from '../../src/builder/components/cache-key.ts';
import type { ImageFormat } from '../../src/builder/image-formats.ts';
import { silent } from '../../src/diagnostics/progress.ts';
import { loadRecipe } from '../../src/recipe/load.ts';

const root = join(import.meta.dirname, '../..');

/** Builds a shipped recipe into out/test/NAME, or `folder` in its place, with the user's cache; `set` as of `--set`. */
export function buildRecipe(
  name: string,
  formats: readonly ImageFormat[],
  { set = [], folder = name }: { readonly set?: readonly string[]; readonly folder?: string } = {},
) {
  const recipe = `recipes/${name}.yaml`;
  return buildImage({
    recipe: loadRecipe(recipe, { cwd: root, set }).recipe,
    request: { recipe, set, locked: false },
    components: { cache: userCache(process.env, silent), apt: systemApt, report: silent },
    report: silent,
    out: join(root, 'out/test', folder),
    formats,
  });
}
