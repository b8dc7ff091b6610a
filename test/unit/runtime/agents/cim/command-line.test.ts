import { describe, expect, test } from 'vitest';
import {
  formatAnswer,
  parseArguments,
} from '../../../../../src/runtime/agents/cim/command-line.ts';

describe('the command cim', () => {
  test.each([
    ['classes', { method: 'classes', params: {} }],
    ['class CIM_Fan --json', { method: 'class', params: { name: 'CIM_Fan' }, json: true }],
    ['instances CIM_Fan', { method: 'instances', params: { class: 'CIM_Fan' }, json: false }],
    ['indications --follow', { method: 'indications', follow: true }],
    [
      'invoke P M Speed=5 Name=x',
      { params: { path: 'P', method: 'M', parameters: { Speed: 5, Name: 'x' } } },
    ],
  ])('%s', (line, expected) => {
    expect(parseArguments(line.split(' '))).toMatchObject(expected);
  });

  test.each([
    ['', 'expected a command, found none'],
    ['toString', 'expected a command, found toString'],
    ['class', 'expected NAME, found nothing'],
    ['classes x', 'expected nothing more, found x'],
    ['classes --follow', 'classes: unknown option --follow'],
    ['invoke P M x', 'invoke: expected NAME=VALUE, found x'],
  ])('"%s" is a mistake', (line, message) => {
    expect(parseArguments(line.split(' ').filter(Boolean))).toBe(message);
  });

  test('shows instances and who failed, and never what would drive a terminal', () => {
    const answer = {
      instances: [
        {
          path: 'root/cimv2:A_B.C="1"',
          className: 'A_B',
          properties: { C: '1', D: 'x\u001b[2J\u009b' },
        },
      ],
      problems: [{ provider: 'acme/p', className: 'A_C', message: 'no bus' }],
    };
    const parsed = parseArguments(['instances', 'A_B']);
    if (typeof parsed === 'string') throw new Error(parsed);
    const text = formatAnswer(parsed, answer);
    expect(text.split('\n')).toEqual([
      'root/cimv2:A_B.C="1"',
      expect.stringMatching(/^ {2}C +1$/),
      expect.stringMatching(/^ {2}D +"x\\u001b\[2J\?"$/),
      '! A_C of acme/p: no bus',
    ]);
  });

  test.each([
    ['instances A_B', { instances: [{ path: 'P' }], problems: [] }],
    ['instances A_B', null],
    ['classes', { classes: [{ name: 'A_B', provider: 7, description: '' }], problems: [] }],
    ['get P', { path: 'P', className: 'A_B', properties: { C: { D: 1 } } }],
    ['indications --json', 'text'],
  ])('says what it expected of an answer to "%s" of another form', (line, answer) => {
    const parsed = parseArguments(line.split(' '));
    if (typeof parsed === 'string') throw new Error(parsed);
    expect(() => formatAnswer(parsed, answer)).toThrow(/^\w+\S*: expected .+, found .+/);
  });
});
