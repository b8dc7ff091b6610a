import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  scenarioJsonSchema,
  scenarioJsonSchemaText,
} from '../../../../src/harness/scenario/json-schema.ts';
import { problemsOf } from './scenario-folder.ts';

const folder = join(import.meta.dirname, '../../../../scenarios');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const accepts = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(scenarioJsonSchema());
const shipped = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

test('matches the committed schema (twinbank test --schema prints it)', () => {
  expect(read('scenario.schema.json')).toBe(scenarioJsonSchemaText());
});

test.each(shipped)('lets another validator take %s', (name) => {
  expect(accepts(parse(read(name))), JSON.stringify(accepts.errors)).toBe(true);
});

const description = 'A test';
test.each([
  { description, steps: ['build', 'flash', 'boot', { expect: 'ready' }] },
  { description, steps: [{ boot: 'unhealthy' }, { boot: null }, { 'power-cut': '300ms' }] },
  { description, steps: [{ inject: 'kernel-panic@5' }, { inject: ['read-only'] }] },
  { description, matrix: { firmware: 'uefi' }, steps: [{ repeat: { times: 2, steps: ['boot'] } }] },
  { description, steps: [{ expect: { console: 'ready', bank: 5, port: [80, 443] } }] },
  { description, steps: [{ update: { 'cut-at-write': `\${write}` } }] },
])('takes the scenario %j', (value) => {
  expect(accepts(value), JSON.stringify(accepts.errors)).toBe(true);
});

test.each([
  { steps: ['boot'] },
  { description, steps: [] },
  { description, steps: ['bot'] },
  { description, steps: [{ boot: { untill: 'ready' } }] },
  { description, steps: [{ boot: null, flash: null }] },
  { description, steps: [{ 'power-cut': 'soon' }] },
  { description, matrix: { firmware: ['efi'] }, steps: ['boot'] },
  { description, steps: [{ expect: { bank: 'five' } }] },
])('refuses the mistake %j', (value) => {
  expect(accepts(value)).toBe(false);
});

test.each([
  [{ add: [] }, true],
  [{ remove: [] }, true],
  [{ add: [], remove: [] }, true],
  [{ add: ['quiet'] }, true],
  [[], true],
  [{}, false],
  [{ add: null }, false],
  [{ added: [] }, false],
])('agrees with the reader on the edit %j of a list', (options, right) => {
  const builds = { other: { 'kernel-options': options } };
  const scenario = { description, builds, steps: [{ build: 'other' }] };
  expect(accepts(scenario), JSON.stringify(accepts.errors)).toBe(right);
  const problems = problemsOf(JSON.stringify(scenario));
  expect(problems.length === 0, problems.join('\n')).toBe(right);
});

test('describes every key for the editor', () => {
  const missing: string[] = [];
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    for (const [key, value] of Object.entries(schema)) {
      if (key !== 'properties') visit(value, path);
      else {
        for (const [name, property] of Object.entries(value as Record<string, object>)) {
          const wrapped = name === 'repeat' || Object.hasOwn(property, 'description');
          if (!wrapped) missing.push(`${path}.${name}`);
          visit(property, `${path}.${name}`);
        }
      }
    }
  };
  visit(scenarioJsonSchema(), '');
  expect(missing).toEqual([]);
});
