import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { publishedSchemas } from '../../support/published-schemas.ts';

/**
 * What JavaScript, Python, Go, Java, PCRE and Rust read in the same way: anchors, alternatives, groups, classes,
 * quantifiers, and escapes of punctuation, of a line feed and of a byte in two digits.
 */
const portable =
  /^(\\([$^.*+?()[\]{}|/\\-]|n|x[0-9a-f]{2})|\((?!\?)|[)|^$.*+?]|\{\d+(,\d*)?\}|\[\^?(\\([\]\\[^-]|n|x[0-9a-f]{2})|[^\]\\[])+\]|[A-Za-z0-9/:_ ,=<>!-])*$/;

function patternsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) =>
    key === 'pattern' && typeof value === 'string' ? [value] : patternsOf(value),
  );
}

test.each(publishedSchemas)('writes patterns of $name that every dialect knows', ({ schema }) => {
  const patterns = patternsOf(schema);
  expect(patterns.length).toBeGreaterThan(5);
  expect(patterns.filter((pattern) => !portable.test(pattern))).toEqual([]);
  for (const pattern of patterns) expect(() => new RegExp(pattern)).not.toThrow();
});

test.each(publishedSchemas)('compiles $name in a strict validator', ({ schema, examples }) => {
  const accepts = new Ajv2020({ strict: true }).compile(schema);
  for (const { file, value } of examples) {
    expect(accepts(value), `${file}: ${JSON.stringify(accepts.errors)}`).toBe(true);
  }
});
