import { join } from 'node:path';
import { buildImage } from '../../src/builder/build-image.ts';
import { systemApt } from '../../src/builder/components/apt.ts';
import { userCache } from '../../src/builder/components/cache-key.ts';
import type { ImageFormat } from '../../src/builder/image-formats.ts';
import { silent } from '../../src/diagnostics/progress.ts';
import { loadRecipe } from '../../src/recipe/load.ts';

const root = join(import.meta.dirname, '../..');

/** Builds a shipped recipe into out/test/NAME, with the user's cache. */
export function buildRecipe(name: string, formats: readonly ImageFormat[]) {
  const recipe = `recipes/${name}.yaml`;
  return buildImage({
    recipe: loadRecipe(recipe, { cwd: root }).recipe,
    request: { recipe, set: [], locked: false },
    components: { cache: userCache(process.env, silent), apt: systemApt, report: silent },
    report: silent,
    out: join(root, 'out/test', name),
    formats,
  });
}
