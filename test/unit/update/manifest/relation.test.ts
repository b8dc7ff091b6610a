import { describe, expect, it } from 'vitest';
import { parseRelation, satisfies } from '../../../../src/update/manifest/relation.ts';

describe('a relation', () => {
  it.each([
    ['acme', 'acme', '', ''],
    ['twinbank >= 1.2', 'twinbank', '>=', '1.2'],
    ['twinbank>=1.2', 'twinbank', '>=', '1.2'],
    ['vmkernel = 6.1.192-2', 'vmkernel', '=', '6.1.192-2'],
    ['x != 1:7.2+dfsg-7~b1', 'x', '!=', '1:7.2+dfsg-7~b1'],
    ['a_b.c+d-e < 0', 'a_b.c+d-e', '<', '0'],
    ['a <= 2', 'a', '<=', '2'],
    ['a > 2', 'a', '>', '2'],
  ])('%j names %j %j %j', (text, name, operator, version) => {
    expect(parseRelation(text)).toEqual({ name, operator, version });
  });

  it.each([
    '',
    ' acme',
    'acme ',
    'acme 1',
    'acme >=',
    'acme => 1',
    'acme == 1',
    'acme >= v1',
    'acme >= 1 2',
    'acme >= 1, twinbank',
    '-acme',
    'acme\n',
    'äcme',
    'n'.repeat(65),
    `a = ${'1'.repeat(65)}`,
  ])('%j is none', (text) => {
    expect(parseRelation(text)).toBeUndefined();
  });
});

describe('what is provided', () => {
  const holds = (text: string, name: string, version: string): boolean =>
    satisfies(parseRelation(text)!, { name, version });

  it.each([
    ['=', [false, true, false]],
    ['!=', [true, false, true]],
    ['<', [true, false, false]],
    ['<=', [true, true, false]],
    ['>', [false, false, true]],
    ['>=', [false, true, true]],
  ])('satisfies %s as versions compare', (operator, expected) => {
    const found = ['1.9', '1.10', '1.10.1'].map((version) =>
      holds(`acme ${operator} 1.10`, 'acme', version),
    );
    expect(found).toEqual(expected);
  });

  it('has to have the name, letter by letter', () => {
    expect(holds('acme', 'acme', '1')).toBe(true);
    expect(holds('acme', 'Acme', '1')).toBe(false);
    expect(holds('acme', 'acme-cim', '1')).toBe(false);
  });

  it('without a version satisfies only relations without one', () => {
    expect(holds('acme', 'acme', '')).toBe(true);
    for (const operator of ['=', '!=', '<', '<=', '>', '>=']) {
      expect(holds(`acme ${operator} 0`, 'acme', ''), operator).toBe(false);
    }
  });
});
