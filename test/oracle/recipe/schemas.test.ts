import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { publishedSchemas } from '../../support/published-schemas.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

/** Checks a schema itself, then says of each value whether it fits; Debian's python3-jsonschema. */
const validator = `
import json, sys
from jsonschema import Draft202012Validator
for one in json.load(open(sys.argv[1])):
    Draft202012Validator.check_schema(one['schema'])
    fits = Draft202012Validator(one['schema'])
    print(json.dumps([[error.message for error in fits.iter_errors(value)] for value in one['values']]))
`;

const refused = {
  'recipe.schema.json': { title: 'a\\b', description: 'a bell: \u0007' },
  'provider.schema.json': { name: 'acme', vendor: 'ACME\u0085', version: '1.0' },
  'scenario.schema.json': { description: 'A test', steps: [{ expect: { banks: { 5: 'WRONG' } } }] },
};

// Debian's own Python, whatever else is on PATH; its `jsonschema` tells whether the package is there.
judgedBy(['/usr/bin/python3', '/usr/bin/jsonschema'], () => {
  test("lets Python's validator read every schema, take every shipped file and refuse mistakes", () => {
    const folder = mkdtempSync(join(tmpdir(), 'twinbank-schemas-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'schemas.json');
    const cases = publishedSchemas.map(({ name, schema, examples }) => ({
      schema,
      values: [...examples.map(({ value }) => value), refused[name as keyof typeof refused]],
    }));
    writeFileSync(file, JSON.stringify(cases));
    const said = judge('/usr/bin/python3', ['-c', validator, file]);
    const lines = said
      .trim()
      .split('\n')
      .map((line): string[][] => JSON.parse(line));
    expect(lines).toHaveLength(publishedSchemas.length);
    lines.forEach((found, at) => {
      const { name = '', examples = [] } = publishedSchemas[at] ?? {};
      const names = [...examples.map((one) => one.file), `${name}: a mistake`];
      const wrong = names.filter((_, index) => (found[index] ?? []).length > 0);
      expect(wrong, JSON.stringify(found)).toEqual([`${name}: a mistake`]);
    });
  });
});
