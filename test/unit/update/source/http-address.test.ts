import { describe, expect, test } from 'vitest';
import {
  parseAddress,
  publicName,
  redirectTarget,
} from '../../../../src/update/source/http-address.ts';
import { errorOf } from '../../../support/error-of.ts';

const target = (from: string, location: string): string =>
  redirectTarget(new URL(from), location).href;

describe('an address', () => {
  test.each(['http://host/x.tbu', 'https://user:pass@[::1]:8080/x?y#z'])('may be %s', (text) => {
    expect(parseAddress(text).href).toBe(text);
  });

  test.each([
    '',
    'x.tbu',
    '/x',
    'file:///x',
    'ftp://host/x',
    'http://',
    'http://a:s3cret%zz@host/',
  ])('is not %j, which is not repeated', (text) => {
    const error = errorOf(() => parseAddress(text));
    expect(error).toMatchObject({ kind: 'usage', code: 'update.url' });
    expect(error.message).toBe('expected an http:// or https:// URL, found another');
  });

  test.each([
    ['http://host:80/a/x.tbu', 'http://host/a/x.tbu'],
    ['https://user:pass@host:8443/x', 'https://host:8443/x'],
    ['https://host/x?X-Amz-Signature=s3cret#part', 'https://host/x?...'],
    ['http://[::1]:8080/', 'http://[::1]:8080/'],
  ])('%s is called %s', (text, name) => {
    expect(publicName(new URL(text))).toBe(name);
  });
});

describe('a redirect', () => {
  test.each([
    ['http://host/a/b', 'c', 'http://host/a/c'],
    ['http://host/a/b', '/c?d', 'http://host/c?d'],
    ['http://host/a', '//other/c', 'http://other/c'],
    ['http://host/a', 'https://host/a', 'https://host/a'],
    ['https://host/a', 'https://other/a', 'https://other/a'],
  ])('from %s by %s leads to %s', (from, location, to) => {
    expect(target(from, location)).toBe(to);
  });

  test.each([
    ['the same server', 'http://host/b', 'http://u:p@host/b'],
    ['a path', '/b', 'http://u:p@host/b'],
    ['another server', 'http://other/b', 'http://other/b'],
    ['another port', 'http://host:81/b', 'http://host:81/b'],
    ['another scheme', 'https://host/b', 'https://host/b'],
    ['an address with its own', 'http://x:y@host/b', 'http://x:y@host/b'],
  ])('to %s takes user and password along or not', (_what, location, to) => {
    expect(target('http://u:p@host/a', location)).toBe(to);
  });

  test.each(['file:///etc/passwd', 'ftp://host/', 'http://', 'http://a:%zz@host/'])(
    'to %s is refused',
    (location) => {
      expect(errorOf(() => target('http://u:p@host/a?b', location))).toMatchObject({
        kind: 'io',
        code: 'update.redirect',
        message:
          'http://host/a?...: expected a redirect to an http:// or https:// URL, found another',
      });
    },
  );

  test('out of HTTPS is refused', () => {
    expect(errorOf(() => target('https://host/a', 'http://u:p@host/a?b')).message).toBe(
      'https://host/a: expected a redirect to an http:// or https:// URL, found one from https to http://host/a?...',
    );
  });
});
