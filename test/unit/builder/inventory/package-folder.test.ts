import { expect, test } from 'vitest';
import { packageFolder } from '../../../../src/builder/inventory/package-folder.ts';

test.each([
  ['src/main.ts', '/work/twinbank', undefined],
  ['node_modules/a/dist/index.js', '/work/twinbank', '/work/twinbank/node_modules/a'],
  ['node_modules/@s/a/index.js', '/work/twinbank', '/work/twinbank/node_modules/@s/a'],
  ['node_modules/a/node_modules/b/x.js', '/work', '/work/node_modules/a/node_modules/b'],
  ['../main/node_modules/a/index.js', '/work/linked', '/work/main/node_modules/a'],
  ['../shared/a.ts', '/work/twinbank', undefined],
  ['src/main.ts', '/usr/lib/node_modules/twinbank', undefined],
  ['../a/index.js', '/usr/lib/node_modules/twinbank', '/usr/lib/node_modules/a'],
  ['../@s/a/index.js', '/usr/lib/node_modules/twinbank', '/usr/lib/node_modules/@s/a'],
])('finds the package of %s from %s', (path, root, folder) => {
  expect(packageFolder(path, root)).toBe(folder);
});
