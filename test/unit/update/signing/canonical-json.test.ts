import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canonicalJson,
  type JsonValue,
  parseCanonicalJson,
} from '../../../../src/update/signing/canonical-json.ts';
import { errorOf } from '../../../support/error-of.ts';

const text = (value: JsonValue): string => Buffer.from(canonicalJson(value)).toString();
const parse = (bytes: string | Uint8Array): JsonValue =>
  parseCanonicalJson(Buffer.from(bytes), 'x.json');

/** Code and message of what a text is refused for. */
function refusal(bytes: string | Uint8Array): string {
  const { kind, code, message } = errorOf(() => parse(bytes));
  expect(kind).toBe('corrupt');
  return `${code}: ${message}`;
}

describe('canonical JSON', () => {
  test('has no blanks, and keys in order', () => {
    expect(text({ b: [1, true, null], a: { d: 'x', c: '' } })).toBe(
      '{"a":{"c":"","d":"x"},"b":[1,true,null]}',
    );
  });

  test('orders keys by UTF-16 code units, like the example of RFC 8785 section 3.2.3', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    const value = Object.fromEntries(names.map((name) => [name, 0]));
    const sorted = ['\\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
    expect(text(value)).toBe(`{${sorted.map((name) => `"${name}":0`).join(',')}}`);
  });

  test('escapes like RFC 8785 section 3.2.2.2, and nothing else', () => {
    expect(text('\u0000\b\t\n\f\r\u001f"\\/\u007f\u2028é')).toBe(
      '"\\u0000\\b\\t\\n\\f\\r\\u001f\\"\\\\/\u007f\u2028é"',
    );
  });

  test('writes whole numbers plainly, and zero without a sign', () => {
    expect(text([0, -0, -1, 2 ** 53 - 1, -(2 ** 53) + 1])).toBe(
      '[0,0,-1,9007199254740991,-9007199254740991]',
    );
  });

  test.each([1.5, 2 ** 53, -(2 ** 53), Number.POSITIVE_INFINITY, Number.NaN])(
    'does not write %d',
    (number) => {
      const { code, message } = errorOf(() => canonicalJson({ a: [0, number] }));
      expect(code).toBe('json.number');
      expect(message).toBe(
        `a[1]: expected a whole number within 9007199254740991, found ${number}`,
      );
    },
  );

  test('does not write half a surrogate pair, as a value or a key', () => {
    expect(errorOf(() => canonicalJson({ a: 'x\ud83d' })).message).toBe(
      'a: expected Unicode text, found "x\\ud83d"',
    );
    expect(errorOf(() => canonicalJson({ '\ude00': 1 })).code).toBe('json.surrogate');
  });

  test('does not write what is no JSON', () => {
    expect(() => canonicalJson({ a: undefined as unknown as JsonValue })).toThrow(TypeError);
    expect(() => canonicalJson([10n as unknown as JsonValue])).toThrow(TypeError);
  });

  test('has at most 16 levels', () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    expect(parse(nested(16))).toBeInstanceOf(Array);
    expect(refusal(nested(17))).toBe(
      `json.depth: x.json: ${'[0]'.repeat(16)}: expected at most 16 levels, found more`,
    );
    expect(refusal(nested(500_000))).toContain('json.depth');
  });
});

describe('reading canonical JSON', () => {
  test('gives back every value, and its bytes', () => {
    const value = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.maxSafeInteger(),
        fc.boolean(),
        fc.constant(null),
        fc.string({ unit: 'binary' }),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(value, (given) => {
        const bytes = canonicalJson(given);
        const read = parseCanonicalJson(bytes, 'x');
        expect(canonicalJson(read)).toEqual(bytes);
        expect(JSON.parse(JSON.stringify(read))).toEqual(JSON.parse(JSON.stringify(given)));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['a blank', '{"a": 1}', 'expected canonical JSON, 0x31 at byte 5, found 0x20'],
    ['a line end', '[]\n', 'expected canonical JSON, the end at byte 2, found 0x0a'],
    ['keys out of order', '{"b":1,"a":2}', 'expected canonical JSON, 0x61 at byte 2, found 0x62'],
    ['a key twice', '{"a":1,"a":1}', 'expected canonical JSON, 0x7d at byte 6, found 0x2c'],
    ['a key __proto__ twice', '{"__proto__":1,"__proto__":1}', '0x7d at byte 14, found 0x2c'],
    ['an escape too many', '"\\u0041"', 'expected canonical JSON, 0x41 at byte 1, found 0x5c'],
    ['an escape in capitals', '"\\u001F"', 'expected canonical JSON, 0x66 at byte 6, found 0x46'],
    ['an exponent', '1e1', 'expected canonical JSON, 0x30 at byte 1, found 0x65'],
    ['a fraction of zero', '1.0', 'expected canonical JSON, the end at byte 1, found 0x2e'],
    ['a minus zero', '-0', 'expected canonical JSON, 0x30 at byte 0, found 0x2d'],
    ['a rounded number', '9007199254740990.6', '0x31 at byte 15, found 0x30'],
  ])('refuses %s, naming the first byte that differs', (_what, bytes, message) => {
    expect(refusal(bytes)).toContain('json.form: x.json: ');
    expect(refusal(bytes)).toContain(message);
  });

  test.each([
    ['a stray byte', Buffer.from('"a\xff"', 'latin1'), '0xef at byte 2, found 0xff'],
    ['a long form', Buffer.from('"\xc0\xaf"', 'latin1'), '0xef at byte 1, found 0xc0'],
    ['a surrogate', Buffer.from('"\xed\xa0\x80"', 'latin1'), '0xef at byte 1, found 0xed'],
  ])('refuses %s that is not UTF-8', (_what, bytes, message) => {
    expect(refusal(bytes)).toBe(`json.form: x.json: expected canonical JSON, ${message}`);
  });

  test.each(['', '{', '{"a":1,}', "{'a':1}", '[1]]', '\ufeff[]', 'NaN', '\u001b[31m', '01'])(
    'refuses %j, which is no JSON, without repeating it',
    (bytes) => {
      expect(refusal(bytes)).toBe('json.syntax: x.json: expected JSON, found bytes that are not');
    },
  );

  test('refuses numbers that JavaScript cannot hold, naming their place', () => {
    expect(refusal('{"a":[1.5]}')).toBe(
      'json.number: x.json: a[0]: expected a whole number within 9007199254740991, found 1.5',
    );
    expect(refusal('9007199254740993')).toContain('json.number');
    expect(refusal('1e999')).toContain('found Infinity');
  });

  test('refuses half a surrogate pair as an escape', () => {
    expect(refusal('["\\ud800"]')).toBe(
      'json.surrogate: x.json: [0]: expected Unicode text, found "\\ud800"',
    );
  });

  test('keeps a key __proto__ as a key', () => {
    const value = parse('{"__proto__":{"a":1}}') as Record<string, JsonValue>;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(value.a).toBeUndefined();
  });
});
