import { describe, expect, test } from 'vitest';
import {
  anything,
  flag,
  list,
  nullable,
  number,
  object,
  oneOf,
  parseJson,
  record,
  text,
} from '../../../src/protocol/form.ts';

const form = object(
  { name: text, size: number, on: flag, kind: oneOf('a', 'b'), where: nullable(text) },
  { list: list(number), any: anything, by: record(object({ path: text })) },
);
const right = { name: 'x', size: 1, on: true, kind: 'a', where: null };
const parse = (value: unknown) => parseJson(JSON.stringify(value), form, '/etc/x.json');

describe('the form of a JSON value', () => {
  test('gives a value of that form back, without members that it does not know', () => {
    expect(parse({ ...right, more: 1 })).toEqual(right);
    const full = { ...right, where: 'there', list: [1, 2], any: [{}], by: { a: { path: 'p' } } };
    expect(parse(full)).toEqual(full);
  });

  test.each<[unknown, string]>([
    [null, '/etc/x.json: expected an object, found null'],
    [[], '/etc/x.json: expected an object, found a list'],
    [{ ...right, name: 7 }, '/etc/x.json.name: expected text, found 7'],
    [{ ...right, size: '1' }, '/etc/x.json.size: expected a number, found "1"'],
    [{ ...right, on: undefined }, '/etc/x.json.on: expected true or false, found none'],
    [{ ...right, kind: 'c\u001b' }, '/etc/x.json.kind: expected a or b, found "c\\u001b"'],
    [{ ...right, where: {} }, '/etc/x.json.where: expected text, found an object'],
    [{ ...right, list: 3 }, '/etc/x.json.list: expected a list, found 3'],
    [{ ...right, list: [1, 'x'] }, '/etc/x.json.list[1]: expected a number, found "x"'],
    [{ ...right, by: { a: {} } }, '/etc/x.json.by.a.path: expected text, found none'],
  ])('refuses %j in one sentence with the place', (value, message) => {
    expect(() => parse(value)).toThrow(
      expect.objectContaining({ code: 'json.form', kind: 'corrupt', message }),
    );
  });

  test('refuses what is no JSON, and shows only the beginning of it', () => {
    expect(() => parseJson(`{${'x'.repeat(500)}`, form, 'the agent')).toThrow(
      /^the agent: expected JSON, found "\{x{39}"$/,
    );
  });

  test('takes no member from the prototype of an object', () => {
    const odd = object({ toString: text });
    expect(() => parseJson('{}', odd, 'x')).toThrow('x.toString: expected text, found none');
  });
});
