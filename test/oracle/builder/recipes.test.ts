import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { judge, judgedBy } from '../components/foreign-tool.ts';
import { builtImage, repository } from './built-image.ts';
import { copyCache } from './cache-copy.ts';

const recipes = readdirSync(join(repository, 'recipes'))
  .filter((name) => name.endsWith('.yaml') && name !== 'default.yaml')
  .map((name) => name.replace(/\.yaml$/, ''));

judgedBy(['cmp'], () => {
  // What recipes have in common is in the cache then; how that is made is reproducible.test.ts's.
  const image = builtImage();

  test('every recipe that is shipped builds, and gives the same bytes from two caches and in two time zones', {
    timeout: 900_000,
  }, () => {
    const { program } = image;
    const results = ['UTC', 'Pacific/Kiritimati'].map((TZ, index) => {
      const out = join(program.folder, `recipes-${index}`);
      const env = { TZ, TWINBANK_CACHE: copyCache(program.folder, { derived: true }) };
      for (const recipe of recipes) {
        const ended = program.run(['build', `recipes/${recipe}.yaml`, '--out', out, '-q'], { env });
        expect(ended, ended.stderr).toMatchObject({ status: 0 });
      }
      return out;
    });
    const [first = '', second = ''] = results;
    const names = readdirSync(first);
    expect(names.filter((name) => name.endsWith('.img')).sort()).toEqual(
      recipes.map((recipe) => `${recipe}-0.1.0.img`).sort(),
    );
    for (const name of names) judge('cmp', [join(first, name), join(second, name)]);
  });
});
