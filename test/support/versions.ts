import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, prepareImage } from '../../src/builder/build-image.ts';
import { bundlePartsOfBuild } from '../../src/builder/bundle-of-build.ts';
import { systemApt } from '../../src/builder/components/apt.ts';
import { userCache } from '../../src/builder/components/cache-key.ts';
import { silent } from '../../src/diagnostics/progress.ts';
import { loadRecipe } from '../../src/recipe/load.ts';
import { writeBundle } from '../../src/update/bundle/bundle-writer.ts';
import { planBundle } from '../../src/update/bundle/make-bundle.ts';
import { olderBuildOf } from '../../src/update/bundle/older-build.ts';
import { developmentKey } from '../../src/update/signing/key.ts';

const components = () => ({
  cache: userCache(process.env, silent),
  apt: systemApt,
  report: silent,
});

const recipeOf = (set: readonly string[]) =>
  loadRecipe('recipes/default.yaml', { cwd: process.cwd(), set }).recipe;

/** A folder for images and bundles of versions of the default recipe. */
export function versionsFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-versions-'));
  return {
    folder,
    /** Builds the image of a version; returns its path. */
    async image(set: readonly string[]): Promise<string> {
      const recipe = recipeOf(set);
      const built = await buildImage({
        ...{ recipe, components: components(), report: silent, out: folder, formats: ['raw'] },
        request: { recipe: 'recipes/default.yaml', set, locked: false },
      });
      return built.files[0] ?? '';
    },
    /** Makes a bundle of a version, all of it or what another version lacks; returns its path. */
    async bundle(set: readonly string[], from?: readonly string[]): Promise<string> {
      const prepare = (options: readonly string[]) =>
        prepareImage({ recipe: recipeOf(options), components: components() }, () => {});
      const built = await prepare(set);
      const older = from && olderBuildOf((await prepare(from)).manifests);
      const plan = planBundle(bundlePartsOfBuild(built), developmentKey, older);
      const path = join(folder, `${plan.index.build}${older ? '-from' : ''}.tbu`);
      const file = createWriteStream(path);
      await writeBundle(async (bytes) => {
        if (!file.write(bytes)) await once(file, 'drain');
      }, plan);
      file.end();
      await once(file, 'close');
      return path;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
