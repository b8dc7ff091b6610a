import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bootFaultRows } from '../../../../src/harness/faults/boot-fault-rows.ts';
import { liveFaultRows } from '../../../../src/harness/faults/live-fault-rows.ts';
import { expectations } from '../../../../src/harness/scenario/expectations/registry.ts';
import { stepRows } from '../../../../src/harness/scenario/step-registry.ts';
import { runsOf } from './scenario-folder.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/harness.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| '));

/** The row whose first cell names this, and its cells. */
function cellsOf(name: string): string[] {
  const row = rows.find((line) => line.split('|')[1]?.includes(`\`${name}\``));
  return row?.split('|').map((cell) => cell.trim()) ?? [];
}

test.each(stepRows.map((row) => [row.name, row] as const))(
  '%s is in the reference, with its keys',
  (name, row) => {
    const [, , keys = ''] = cellsOf(name);
    if (name === 'expect') return expect(keys).toBe('see below');
    for (const key of Object.keys(row.schema.shape)) {
      if (key !== 'timeout') expect(keys).toContain(key);
    }
    if (row.shorthand !== undefined) expect(keys).toContain(`**${row.shorthand}**`);
  },
);

test.each(expectations.map(({ key }) => key))(
  'has a line for expect: %s in the reference',
  (key) => {
    expect(cellsOf(key).length).toBeGreaterThan(2);
  },
);

test.each([...bootFaultRows, ...liveFaultRows].map(({ name }) => name))(
  'the fault %s is named',
  (name) => {
    expect(page).toMatch(new RegExp(`\\b${name}\\b`));
  },
);

test('takes the first example of the reference as a scenario', () => {
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  expect(runsOf(yaml)).toHaveLength(1);
});

test('takes the scenario that the tutorial puts together', () => {
  const parts = [...page.matchAll(/^ {3}```yaml\n([\s\S]*?)^ {3}```/gm)].map(
    ([, part = '']) => part,
  );
  const text = parts
    .slice(0, 3)
    .join('\n')
    .replaceAll(/^ {3}/gm, '')
    .replaceAll('../oem-providers/lab', 'oem');
  expect(runsOf(text)).toHaveLength(1);
});
