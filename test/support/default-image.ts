import type { TestProject } from 'vitest/node';
import { buildRecipe } from './recipe-image.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Paths of the default image, built once for a run of the boot tests. */
    images: { raw: string; qcow2: string; build: string };
  }
}

/** Builds the default recipe, with the user's cache, before the first boot test. */
export async function setup(project: TestProject): Promise<void> {
  const { files, build } = await buildRecipe('default', ['raw', 'qcow2']);
  const [raw, qcow2] = files;
  if (!raw || !qcow2)
    throw new Error(`expected a raw and a qcow2 image, found ${files.join(', ')}`);
  project.provide('images', { raw, qcow2, build });
}
