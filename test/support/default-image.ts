import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildImage } from '../../src/builder/build-image.ts';
import { systemApt } from '../../src/builder/components/apt.ts';
import { userCache } from '../../src/builder/components/cache-key.ts';
import type { ImageFormat } from '../../src/builder/outputs.ts';
import { silent } from '../../src/diagnostics/progress.ts';
import { loadRecipe } from '../../src/recipe/load.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Paths of the default image, built once for a run of the boot tests. */
    images: { raw: string; qcow2: string; build: string };
  }
}

/** Builds the default recipe, with the user's cache, before the first boot test. */
export async function setup(project: TestProject): Promise<void> {
  const root = project.config.root;
  const components = {
    cache: userCache(process.env, silent),
    apt: systemApt,
    report: silent,
  };
  const make = (name: string, formats: readonly ImageFormat[], set: string[]) =>
    buildImage({
      recipe: loadRecipe('recipes/default.yaml', { cwd: root, set }).recipe,
      request: { recipe: 'recipes/default.yaml', set, locked: false },
      components,
      report: silent,
      out: join(root, 'out/test', name),
      formats,
    });
  const { files, build } = await make('default', ['raw', 'qcow2'], []);
  const [raw, qcow2] = files;
  if (!raw || !qcow2)
    throw new Error(`expected a raw and a qcow2 image, found ${files.join(', ')}`);
  project.provide('images', { raw, qcow2, build });
}
