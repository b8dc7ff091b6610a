import { expect, test } from 'vitest';
import { orderImages } from '../../../../../src/cli/commands/build/image-orders.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

const provider = (name: string, version = '1.0') =>
  `name: ${name}\nvendor: X\nversion: "${version}"\n`;

function order(oem: readonly string[], { matrix = true, recipes = ['a.yaml'] } = {}) {
  const cwd = temporaryFiles({
    'a.yaml': `extends: ${process.cwd()}/recipes/default.yaml\nname: a\n`,
    'b.yaml': 'extends: a.yaml\nname: b\n',
    'same.yaml': 'extends: a.yaml\nname: A\n',
    'wrong.yaml': 'extends: a.yaml\nname: c\nbank: 7\n',
    'one/provider.yaml': provider('one'),
    'two/provider.yaml': provider('two', '2.1-rc1'),
    'other/provider.yaml': provider('one'),
    'broken/provider.yaml': 'name: NO\n',
  });
  const images = orderImages({ recipes, set: [], oem, matrix, cwd });
  return images.map(({ name, loaded }) => {
    if ('resolved' in loaded) return [name, loaded.resolved.oem.length];
    return [name, loaded.error instanceof Error ? loaded.error.message : ''];
  });
}

test('of a matrix every recipe meets every column, and names say who', () => {
  const recipes = ['a.yaml', 'b.yaml'];
  expect(order(['one', 'none', 'two,one'], { recipes })).toEqual([
    ['a-0.1.0+one-1.0', 1],
    ['a-0.1.0', 0],
    ['a-0.1.0+two-2.1-rc1+one-1.0', 2],
    ['b-0.1.0+one-1.0', 1],
    ['b-0.1.0', 0],
    ['b-0.1.0+two-2.1-rc1+one-1.0', 2],
  ]);
});

test('without --matrix all OEMs are stacked, and the name says so, as it does in a matrix', () => {
  const [stacked] = order(['one', 'two'], { matrix: false });
  expect(stacked).toEqual(['a-0.1.0+one-1.0+two-2.1-rc1', 2]);
  expect(order(['one,two'])).toEqual([stacked]);
  expect(order([], { matrix: false })).toEqual([['a-0.1.0', 0]]);
  expect(order([])).toEqual([['a-0.1.0', 0]]);
});

test('one that is broken keeps its place and its reason', () => {
  const [broken, good] = order(['broken', 'one']);
  expect(broken).toEqual(['a-0.1.0 + broken', expect.stringContaining('found "NO"')]);
  expect(good).toEqual(['a-0.1.0+one-1.0', 1]);
  expect(order(['one'], { recipes: ['wrong.yaml'] })).toEqual([
    ['wrong.yaml + one', expect.stringContaining('wrong.yaml:3:7 bank')],
  ]);
});

test.each([true, false])(
  'names every path that is not there before all else (matrix: %s)',
  (matrix) => {
    const found = 'found no such file: gone; .*, which has none$';
    expect(() => order(['one', 'gone', process.cwd()], { matrix })).toThrow(new RegExp(found));
    expect(() => order(['one'], { matrix, recipes: ['a.yaml', 'gone.yaml'] })).toThrow(
      'gone.yaml: expected a recipe file, found no such file',
    );
  },
);

test('two images of one name are both named, and neither is built', () => {
  const way = 'give one another name or version, or build it into another folder by --out';
  expect(() => order(['one', 'other'])).toThrow(
    `expected images of different names, found a-0.1.0+one-1.0.img of a.yaml + one and of a.yaml + other; ${way}`,
  );
  const recipes = ['a.yaml', 'a.yaml'];
  expect(() => order([], { matrix: false, recipes })).toThrow('found a-0.1.0.img of a.yaml and of');
});

test.each(['', 'one,', 'one,none', ' , '])('--oem %j says nothing', (text) => {
  expect(() => order([text])).toThrow(
    '--oem: expected a provider, several separated by commas, or just none, found',
  );
});
