import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  emptyMap,
  type MapTree,
  mergeMaps,
  type Place,
  plainValue,
  type Tree,
} from '../../../src/recipe/tree.ts';

const place: Place = {
  source: { kind: 'file', shown: 'x.yaml', directory: '/' },
  line: 1,
  column: 1,
};

type Plain = null | number | Plain[] | { [key: string]: Plain };

function tree(value: Plain): Tree {
  if (Array.isArray(value)) return { kind: 'list', place, items: value.map(tree) };
  if (value === null || typeof value === 'number') {
    return { kind: 'scalar', place, value, written: String(value) };
  }
  return map(value);
}

function map(value: { [key: string]: Plain }): MapTree {
  const entries = Object.entries(value).map(
    ([key, item]) => [key, { key: place, value: tree(item) }] as const,
  );
  return { kind: 'map', place, entries: new Map(entries) };
}

function merged(...layers: { [key: string]: Plain }[]): unknown {
  return plainValue(
    layers.map(map).reduce((lower, upper) => mergeMaps(lower, upper), emptyMap(place)),
  );
}

test('maps merge by key, lists and plain values replace', () => {
  expect(
    merged({ bank: { size: 1, reserve: 2 }, list: [1, 2] }, { bank: { size: 3 }, list: [4] }),
  ).toEqual({ bank: { size: 3, reserve: 2 }, list: [4] });
});

test('null takes an entry away, at any depth, and leaves no trace where there is none', () => {
  expect(merged({ modules: { a: { x: 1 }, b: 2 } }, { modules: { a: null } })).toEqual({
    modules: { b: 2 },
  });
  expect(merged({ modules: null }, { bank: { size: null } })).toEqual({ bank: {} });
});

test('an entry keeps its place among the others, and comes last when it was taken away before', () => {
  const keys = (value: unknown) => Object.keys(value as object);
  expect(keys(merged({ a: 1, b: 2, c: 3 }, { a: 4, d: 5 }))).toEqual(['a', 'b', 'c', 'd']);
  expect(keys(merged({ a: 1, b: 2 }, { a: null }, { a: 3 }))).toEqual(['b', 'a']);
});

const leaf: fc.Arbitrary<Plain> = fc.oneof(fc.nat(9), fc.array(fc.nat(9), { maxLength: 2 }));
const key = fc.constantFrom('a', 'b', 'c');
/** Maps of one shape: a key is a map in all of them or in none. */
const alike = fc.record(
  {
    m: fc.dictionary(key, leaf),
    n: fc.record({ o: fc.dictionary(key, leaf), p: leaf }, { requiredKeys: [] }),
    q: leaf,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<{ [key: string]: Plain }>;

test('where no layer takes away and kinds agree, merging is associative, order of keys included', () => {
  fc.assert(
    fc.property(alike, alike, alike, (a, b, c) => {
      const left = mergeMaps(mergeMaps(map(a), map(b)), map(c));
      const right = mergeMaps(map(a), mergeMaps(map(b), map(c)));
      expect(JSON.stringify(plainValue(left))).toBe(JSON.stringify(plainValue(right)));
    }),
  );
});

test('laying a layer down twice is the same as once, whatever it holds', () => {
  const { tree } = fc.letrec<{ tree: Plain }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      fc.constant(null),
      leaf,
      fc.dictionary(key, tie('tree'), { maxKeys: 3 }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, tree), fc.dictionary(key, tree), (a, b) => {
      expect(merged(a, b, b)).toEqual(merged(a, b));
    }),
  );
});

test('a merge changes neither of its layers', () => {
  const lower = map({ a: { x: 1 }, b: 2 });
  mergeMaps(lower, map({ a: { x: 3 }, b: null }));
  expect(plainValue(lower)).toEqual({ a: { x: 1 }, b: 2 });
});
