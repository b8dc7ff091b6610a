import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundledPackages } from '../../../../src/builder/inventory/own-package.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';

const about = (name: string, version: string) => JSON.stringify({ name, version, license: 'MIT' });
const purls = (inputs: string[], root: string) =>
  bundledPackages(inputs, root).map(({ purl }) => purl);

test('lists the packages that a bundle of a checkout is made of, the innermost of nested ones', () => {
  const root = temporaryFiles({
    'package.json': about('twinbank', '1.0.0'),
    'node_modules/a/package.json': about('a', '2.0.0'),
    'node_modules/a/node_modules/@scope/b/package.json': about('@scope/b', '3.0.0'),
  });
  const inputs = [
    'src/main.ts',
    'node_modules/a/index.js',
    'node_modules/a/lib/more.js',
    'node_modules/a/node_modules/@scope/b/index.js',
  ];
  expect(purls(inputs, root)).toEqual(['pkg:npm/a@2.0.0', 'pkg:npm/%40scope/b@3.0.0']);
});

test('lists the packages beside an installed twinbank, and not twinbank itself', () => {
  const folder = temporaryFiles({
    'node_modules/twinbank/package.json': about('twinbank', '1.0.0'),
    'node_modules/fflate/package.json': about('fflate', '0.8.2'),
    'node_modules/@scope/b/package.json': about('@scope/b', '3.0.0'),
  });
  const inputs = ['src/main.ts', '../fflate/esm/index.mjs', '../@scope/b/index.js'];
  const found = purls(inputs, join(folder, 'node_modules/twinbank'));
  expect(found).toEqual(['pkg:npm/%40scope/b@3.0.0', 'pkg:npm/fflate@0.8.2']);
});
