import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './built-image.ts';

/** A recipe beside which a test may write, with what takes long to build left out: a build takes 1 s. */
export function writeSmallRecipe(folder: string, name = 'small', sources = repository): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.yaml`);
  const lines = [
    `extends: ${join(sources, 'recipes/default.yaml')}`,
    `name: ${name}`,
    'modules: { engine: null, vmm: null, tools: null }',
    'store: { size: 8MiB, client: false, packages: [] }',
    'coredump: { size: 1MiB }',
  ];
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

/** What a build says of it: it has no engine, and no system could run. */
export const smallRecipeWarning =
  /^warning: \S+ modules: without a module of type engine, nothing in the bank can run vmkd and the agents\n/m;
