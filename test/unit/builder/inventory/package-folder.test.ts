import { expect, test } from 'vitest';
import { packageFolder } from '../../../../src/builder/inventory/package-folder.ts';

test.each([
  ['src/main.ts', '/srv/twinbank', undefined],
  ['node_modules/a/dist/index.js', '/srv/twinbank', '/srv/twinbank/node_modules/a'],
  ['node_modules/@s/a/index.js', '/srv/twinbank', '/srv/twinbank/node_modules/@s/a'],
  ['node_modules/a/node_modules/b/x.js', '/srv', '/srv/node_modules/a/node_modules/b'],
  ['../main/node_modules/a/index.js', '/srv/linked', '/srv/main/node_modules/a'],
  ['../shared/a.ts', '/srv/twinbank', undefined],
  ['src/main.ts', '/usr/lib/node_modules/twinbank', undefined],
  ['../a/index.js', '/usr/lib/node_modules/twinbank', '/usr/lib/node_modules/a'],
  ['../@s/a/index.js', '/usr/lib/node_modules/twinbank', '/usr/lib/node_modules/@s/a'],
])('finds the package of %s from %s', (path, root, folder) => {
  expect(packageFolder(path, root)).toBe(folder);
});
