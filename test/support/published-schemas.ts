import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { scenarioJsonSchema } from '../../src/harness/scenario/json-schema.ts';
import { recipeJsonSchema } from '../../src/recipe/json-schema.ts';
import { providerJsonSchema } from '../../src/recipe/provider-schema.ts';

const root = join(import.meta.dirname, '../..');
const examplesOf = (files: readonly string[]) =>
  files.map((file) => ({ file, value: parse(readFileSync(join(root, file), 'utf8')) }));
const yamlIn = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name));

/** Every JSON Schema that we hand to others, with the shipped files that it is for. */
export const publishedSchemas = [
  {
    name: 'recipe.schema.json',
    schema: recipeJsonSchema(),
    examples: examplesOf(yamlIn('recipes')),
  },
  {
    name: 'provider.schema.json',
    schema: providerJsonSchema(),
    examples: examplesOf(
      ['ridge', 'kestrel'].map((name) => join('oem-providers', name, 'provider.yaml')),
    ),
  },
  {
    name: 'scenario.schema.json',
    schema: scenarioJsonSchema(),
    examples: examplesOf([...yamlIn('scenarios'), ...yamlIn('scenarios/tour')]),
  },
];
