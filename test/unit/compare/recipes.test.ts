import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareRecipes } from '../../../src/compare/compare-recipes.ts';
import type { DescribedRecipe } from '../../../src/compare/described.ts';

const leaf = fc.constantFrom('a', 'b', 1, true, null);
const value = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(leaf, { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('x', 'y', 'z'), tie('tree'), { maxKeys: 3 }),
  ),
})).tree;
const trees = fc.dictionary(fc.constantFrom('p', 'q', 'r'), value);

const described = (recipe: object, origins: Record<string, string> = {}): DescribedRecipe => {
  return { kind: 'recipe', path: 'x.yaml', recipe: recipe as DescribedRecipe['recipe'], origins };
};
const compare = (a: object, b: object) => compareRecipes(described(a), described(b));

describe('the comparison of two recipes', () => {
  it('finds nothing between a recipe and itself, and something between different ones', () => {
    fc.assert(
      fc.property(trees, trees, (a, b) => {
        expect(compare(a, structuredClone(a))).toEqual([]);
        const sorted = (one: unknown): unknown =>
          typeof one === 'object' && one !== null && !Array.isArray(one)
            ? Object.fromEntries(
                Object.entries(one)
                  .sort(([x], [y]) => (x < y ? -1 : 1))
                  .map(([key, inner]) => [key, sorted(inner)]),
              )
            : one;
        const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        expect(compare(a, b).length === 0).toBe(same);
      }),
    );
  });

  it('finds the same from the other side', () => {
    fc.assert(
      fc.property(trees, trees, (a, b) => {
        const back = compare(b, a).map((one) => ({ ...one, a: one.b, b: one.a }));
        const key = (one: object) => JSON.stringify(one);
        expect(back.map(key).sort()).toEqual(compare(a, b).map(key).sort());
      }),
    );
  });

  it('names what set each value', () => {
    const a = described({ bank: { size: '48MiB' } }, { 'bank.size': 'recipes/default.yaml:12' });
    const b = described({ bank: { size: '64MiB' } }, { 'bank.size': '--set' });
    expect(compareRecipes(a, b)).toEqual([
      {
        path: 'bank.size',
        a: { path: 'bank.size', value: '48MiB', origin: 'recipes/default.yaml:12' },
        b: { path: 'bank.size', value: '64MiB', origin: '--set' },
      },
    ]);
  });

  it('says of an item that was put into a list just that', () => {
    const found = compare({ list: ['a', 'b', 'c'] }, { list: ['a', 'x', 'b', 'c'] });
    expect(found).toMatchObject([{ path: 'list[1]', a: null, b: { value: 'x' } }]);
  });

  it('lists each value of a part that only one side has', () => {
    const found = compare({}, { vmm: { type: 'vmm', programs: ['a', 'b'] } });
    expect(found.map(({ path }) => path)).toEqual([
      'vmm.type',
      'vmm.programs[0]',
      'vmm.programs[1]',
    ]);
  });
});
