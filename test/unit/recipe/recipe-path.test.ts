import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadRecipe } from '../../../src/recipe/load.ts';
import { originText } from '../../../src/recipe/origin.ts';
import { runHere } from '../cli/host.ts';
import { load, problemsOf, temporaryFiles } from './temporary-files.ts';

const root = join(import.meta.dirname, '../../..');
const known =
  'a recipe that comes with twinbank (both, default, flash, guests, kestrel, large, ridge, small';

it('extends a shipped recipe by its name, and says the name where a value is from', () => {
  const { recipe, origins, files } = load({
    'x.yaml': 'extends: twinbank:ridge\nname: lab\n',
  });
  expect(recipe.name).toBe('lab');
  expect(recipe.oem[0]?.path).toBe(join(root, 'oem-providers/ridge'));
  expect(originText(origins.get('title')!)).toMatch(/^twinbank:ridge:\d+$/);
  expect(originText(origins.get('bank.size')!)).toMatch(/^twinbank:default:\d+$/);
  expect(originText(origins.get('name')!)).toBe('x.yaml:2');
  expect(files.slice(0, 2)).toEqual([
    join(root, 'recipes/default.yaml'),
    join(root, 'recipes/ridge.yaml'),
  ]);
});

it('loads a shipped recipe by its name from any folder', () => {
  const cwd = temporaryFiles({});
  expect(loadRecipe('twinbank:default', { cwd }).recipe).toEqual(
    loadRecipe('recipes/default.yaml', { cwd: root }).recipe,
  );
});

it('takes a file of such a name by its path', () => {
  const cwd = temporaryFiles({ 'twinbank:default.yaml': 'name: mine' });
  expect(loadRecipe('./twinbank:default.yaml', { cwd }).recipe.name).toBe('mine');
});

it('names the shipped recipes, and the nearest, where there is none of a name', () => {
  expect(problemsOf({ 'x.yaml': 'extends: [twinbank:defualt]\n' })[0]).toMatch(
    /^x\.yaml:1:11 extends\[0\]: expected a recipe that comes with twinbank \(both, default, .*\), found "twinbank:defualt"; did you mean "twinbank:default"\?$/,
  );
  expect(problemsOf({ 'x.yaml': 'overlays: "twinbank:"\n' })[0]).toContain(known);
  const cwd = temporaryFiles({});
  for (const name of ['twinbank:../oem-providers/ridge/provider', 'twinbank:/etc/x', 'twinbank:']) {
    expect(() => loadRecipe(name, { cwd })).toThrow(`found ${JSON.stringify(name)}`);
    expect(() => loadRecipe(name, { cwd: root })).toThrow(known);
  }
});

it.each([
  ['recipe', 'check', 'twinbank:flsh'],
  ['recipe', 'show', 'twinbank:flsh'],
  ['build', 'twinbank:flsh'],
  ['bundle', 'twinbank:flsh', '--out', 'x.tbu'],
  ['diff', 'twinbank:flsh', 'twinbank:default'],
  ['oem', 'check', '.', '--recipe', 'twinbank:flsh'],
])('ends %s %s with 3 and the nearest name', async (...argv) => {
  const { code, stderr } = await runHere(argv, { host: { cwd: temporaryFiles({}) } });
  expect(stderr).toMatch(/found "twinbank:flsh"; did you mean "twinbank:flash"\?/);
  expect(code).toBe(3);
});

it('says the same of the recipe of a scenario, at its place', async () => {
  const steps = 'steps: [build]';
  const cwd = temporaryFiles({
    'bad.yaml': `description: x\nrecipe: twinbank:flsh\n${steps}\n`,
    'good.yaml': `description: x\nbuilds: { a: { recipe: "twinbank:flash" } }\n${steps}\n`,
  });
  const list = (file: string) => runHere(['test', file, '--list'], { host: { cwd } });
  const { code, stderr } = await list('bad.yaml');
  expect(stderr).toMatch(
    /bad\.yaml:2:9 recipe: .*found "twinbank:flsh"; did you mean "twinbank:flash"\?/,
  );
  expect(code).toBe(3);
  expect((await list('good.yaml')).code).toBe(0);
});

it('shows, checks and compares shipped recipes in a folder that has none', async () => {
  const cwd = temporaryFiles({});
  const here = (...argv: string[]) => runHere(argv, { host: { cwd } });
  expect((await here('recipe', 'check', 'twinbank:both')).stdout).toBe('twinbank:both: valid\n');
  const shown = await here('recipe', 'show', 'twinbank:flash', '--origin');
  expect(shown.stdout).toMatch(/^name: flash # twinbank:flash:\d+$/m);
  const compared = await here('diff', 'twinbank:default', 'twinbank:large');
  expect(compared.code).toBe(9);
  expect(compared.stdout).toContain('twinbank:large:');
});

it('writes no lock beside a shipped recipe', async () => {
  const cwd = temporaryFiles({});
  mkdirSync(join(cwd, 'out'));
  for (const argv of [
    ['recipe', 'lock', 'twinbank:default'],
    ['build', 'twinbank:default', '--locked'],
  ]) {
    const { code, stderr } = await runHere(argv, { host: { cwd } });
    expect(stderr).toContain('expected a recipe of your own, beside which its lock lies');
    expect(code).toBe(2);
  }
});
