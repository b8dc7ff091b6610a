import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { systemSettings } from '../../../../../src/builder/modules/agents.ts';
import { withSourceDate } from '../../../../../src/cli/commands/build/source-date.ts';
import { loadRecipe } from '../../../../../src/recipe/load.ts';
import { runHere } from '../../host.ts';

const recipe = resolve(import.meta.dirname, '../../../../../recipes/default.yaml');

/** What the running system is told of its own making. */
function sourceDate(env: Record<string, string>, set: readonly string[] = []): unknown {
  const loaded = loadRecipe(recipe, { set: withSourceDate(set, env), oem: undefined, cwd: '/' });
  return JSON.parse(systemSettings(loaded.recipe, { agents: [] })).sourceDate;
}

it('tells the host SOURCE_DATE_EPOCH of whoever builds, and nothing where there is none', () => {
  expect(sourceDate({ SOURCE_DATE_EPOCH: '1793836800' })).toBe(1_793_836_800);
  expect(sourceDate({ SOURCE_DATE_EPOCH: '1793836800' }, ['sourceDate=5'])).toBe(5);
  expect([sourceDate({}), sourceDate({ SOURCE_DATE_EPOCH: '' })]).toEqual([undefined, undefined]);
});

it('builds nothing where SOURCE_DATE_EPOCH is no time', async () => {
  const out = mkdtempSync(join(tmpdir(), 'source-date-'));
  try {
    const host = { cwd: out, env: { PATH: process.env.PATH, SOURCE_DATE_EPOCH: 'today' } };
    const { code, stderr } = await runHere(['build', recipe], { host });
    expect([code, stderr]).toEqual([3, expect.stringMatching(/sourceDate: expected .*today/)]);
  } finally {
    rmSync(out, { recursive: true });
  }
});
