import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exhaustive } from '../../support/exhaustive.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';
import { builtImage, repository } from './built-image.ts';
import { copyCache } from './cache-copy.ts';

const recipes = readdirSync(join(repository, 'recipes'))
  .filter((name) => name.endsWith('.yaml') && name !== 'default.yaml')
  .map((name) => name.replace(/\.yaml$/, ''));

judgedBy(['cmp'], () => {
  // What recipes have in common is in the cache then; how that is made is reproducible.test.ts's.
  const image = builtImage();
  const { program } = image;

  /** Builds all recipes, and returns the folder of their results. */
  function build(name: string, env: Record<string, string>): string {
    const out = join(program.folder, name);
    for (const recipe of recipes) {
      const ended = program.run(['build', `recipes/${recipe}.yaml`, '--out', out, '-q'], { env });
      expect(ended, ended.stderr).toMatchObject({ status: 0 });
    }
    const images = readdirSync(out).filter((file) => file.endsWith('.img'));
    expect(images.sort()).toEqual(recipes.map((recipe) => `${recipe}-0.1.0.img`).sort());
    return out;
  }

  const title = exhaustive
    ? 'gives the same bytes of every recipe from two caches and in two time zones'
    : 'builds every recipe that is shipped';
  test(title, { timeout: 900_000 }, () => {
    const first = build('recipes', { TZ: 'UTC' });
    if (!exhaustive) return;
    const cache = copyCache(program.folder, { derived: true });
    const second = build('recipes-again', { TZ: 'Pacific/Kiritimati', TWINBANK_CACHE: cache });
    for (const name of readdirSync(first)) judge('cmp', [join(first, name), join(second, name)]);
  });
});
