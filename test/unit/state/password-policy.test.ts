import { describe, expect, it } from 'vitest';
import { parsePolicy, passwordProblem, policyText } from '../../../src/state/password-policy.ts';
import { errorOf } from '../../support/error-of.ts';

const shipped = parsePolicy('retry=3 min=disabled,disabled,disabled,7,7');
const phrases = parsePolicy('retry=3 min=disabled,24,12,8,7');

describe('K5: the policy of passwords', () => {
  it.each<[string, boolean]>([
    // As the family's documentation has it: xQaTEhb! and xQaT3#A are good, Xqat3hi and xQaTEh2 are not.
    ['xQaTEhb!', true],
    ['xQaT3#A', true],
    ['Xqat3hi', false],
    ['xQaTEh2', false],
    ['abcdefg', false],
    ['aB3$', false],
    ['aaaaAA11!', true],
    ['aAaAaAaA1a', false],
  ])('of the original takes or refuses %s', (password, isGood) => {
    expect(passwordProblem(shipped, password, 'amy') === undefined).toBe(isGood);
  });

  it.each<[string, boolean]>([
    ['correct horse battery', true],
    ['ab cd efg', false],
    ['lowercaseonlyandlongenough', false],
    ['two classes 1', true],
    ['twoclasses7andlongenoughx', true],
  ])('that allows phrases takes or refuses %s', (password, isGood) => {
    expect(passwordProblem(phrases, password, 'amy') === undefined).toBe(isGood);
  });

  it('refuses a password with the name of its user in it, either way round', () => {
    for (const password of ['xAmy#7longer', '9yMA!longer']) {
      expect(passwordProblem(shipped, password, 'amy')).toContain('name of the user');
    }
  });

  it('never repeats the password', () => {
    expect(passwordProblem(shipped, 'secretpw', 'amy')).not.toContain('secretpw');
  });

  it('says what it wants in one sentence', () => {
    expect(policyText(shipped)).toMatch(
      /^7 characters of three kinds, or 7 characters of four kinds;/,
    );
  });

  it.each([
    '',
    'min=1,1,1,1,1',
    'retry=3 min=8,8,8,8',
    'retry=3 min=8,8,8,8,9',
    'retry=3 min=disabled,disabled,disabled,disabled,disabled',
    'retry=3 min=0,0,0,0,0',
    'retry=3 min=99,8,8,8,8',
  ])('%j is refused in one sentence', (text) => {
    const { code, message } = errorOf(() => parsePolicy(text));
    expect(code).toBe('setting.value');
    expect(message).toMatch(/^security\.passwordQuality: expected .*, found ".*"$/);
  });
});
