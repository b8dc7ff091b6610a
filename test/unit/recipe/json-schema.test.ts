import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { recipeJsonSchema, recipeJsonSchemaText } from '../../../src/recipe/json-schema.ts';
import { loadRecipe } from '../../../src/recipe/load.ts';
import { recipeText } from '../../../src/recipe/show.ts';
import { load, problemsOf } from './temporary-files.ts';

const root = join(import.meta.dirname, '../../..');
const read = (name: string) => readFileSync(join(root, 'recipes', name), 'utf8');
const accepts = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(recipeJsonSchema());

test('the committed schema is the one the code makes (twinbank recipe schema renews it)', () => {
  expect(read('recipe.schema.json')).toBe(recipeJsonSchemaText());
});

test('another validator takes the default recipe, as it is written and as it is shown', () => {
  expect(accepts(parse(read('default.yaml'))), JSON.stringify(accepts.errors)).toBe(true);
  const { recipe } = loadRecipe('recipes/default.yaml', { cwd: root });
  expect(accepts(recipeText(recipe)), JSON.stringify(accepts.errors)).toBe(true);
});

test.each([
  {},
  { extends: 'default.yaml' },
  { extends: ['a.yaml'], overlays: ['b.yaml'] },
  { modules: { vmm: null } },
  { modules: { vmm: { layer: { compression: 'zstd' } } } },
  { bank: { size: null } },
  { build: 3 },
])('a part of a recipe is taken: %j', (value) => {
  expect(accepts(value), JSON.stringify(accepts.errors)).toBe(true);
});

test.each([
  { sise: 3 },
  { bank: { sise: '48MiB' } },
  { bank: { size: 48 } },
  { bank: { size: '48' } },
  { banks: 'none' },
  { extends: 3 },
  { modules: { vmm: { type: 'vm' } } },
  { modules: { vmm: { type: 'vmm', drivers: [] } } },
  { modules: { UPPER: { type: 'vmm' } } },
  { modules: { drivers: { type: 'drivers', drivers: 'nvme' } } },
])('a mistake is refused: %j', (value) => {
  expect(accepts(value)).toBe(false);
});

test.each([
  [{ add: [] }, true],
  [{ remove: [] }, true],
  [{ add: [], remove: [] }, true],
  [{ add: [], remove: ['quiet'] }, true],
  [{ add: 'quiet' }, true],
  [[], true],
  [{}, false],
  [{ add: null }, false],
  [{ add: {} }, false],
  [{ added: [] }, false],
])('the schema and the reader agree on the edit %j of a list', (options, right) => {
  const recipe = { extends: 'base.yaml', kernel: { options } };
  expect(accepts(recipe), JSON.stringify(accepts.errors)).toBe(right);
  const base = 'kernel: { options: [quiet] }\n';
  const problems = problemsOf({ 'base.yaml': base, 'x.yaml': JSON.stringify(recipe) });
  expect(problems.length === 0, problems.join('\n')).toBe(right);
});

test('an edit with empty lists leaves the list as it is', () => {
  const files = {
    'base.yaml': 'kernel: { options: [quiet] }\n',
    'x.yaml': 'extends: base.yaml\nkernel: { options: { add: [], remove: [] } }\n',
  };
  expect(load(files).recipe.kernel.options).toEqual(['quiet']);
});

test('every key has a description for the editor', () => {
  const missing: string[] = [];
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    for (const [key, value] of Object.entries(schema)) {
      if (key === 'properties') {
        for (const [name, property] of Object.entries(value as Record<string, object>)) {
          if (!('description' in property)) missing.push(`${path}.${name}`);
          visit(property, `${path}.${name}`);
        }
      } else visit(value, path);
    }
  };
  visit(recipeJsonSchema(), '');
  expect(missing).toEqual([]);
});
