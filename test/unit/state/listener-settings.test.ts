import { expect, test } from 'vitest';
import { isAllowed, listeners } from '../../../src/state/listener-settings.ts';
import { errorOf } from '../../support/error-of.ts';

test('has a listener on for everybody where nothing else is said', () => {
  expect(listeners.parse({ https: {}, http: { enabled: false } })).toEqual({
    https: { enabled: true },
    http: { enabled: false },
  });
  const allowed = ['10.1.2.3', '10.0.0.0/8', '2001:db8::/32', 'fe80::1', '0.0.0.0/0'];
  expect(listeners.parse({ https: { allowed } })).toEqual({ https: { enabled: true, allowed } });
});

const peers = 'an address, or a network such as 10.0.0.0/8 or 2001:db8::/32';
test.each<[unknown, string]>([
  [[], 'listeners: expected an object with a member for each listener, found a list'],
  [{ HTTPS: {} }, 'listeners: expected names such as https, found "HTTPS"'],
  [{ https: { enabled: 1 } }, 'listeners.https.enabled: expected true or false, found 1'],
  [
    { https: { on: true } },
    'listeners.https: expected no members but enabled, allowed, found "on"',
  ],
  [
    { https: { allowed: [] } },
    'listeners.https.allowed: expected at least one, or no such member for everybody, found "none"',
  ],
  // Bits beyond the prefix, no prefix at all, a name, a zone, IPv4 as IPv6: none of them says what it seems to say.
  ...[
    ...['10.0.0.1/8', '10.0.0.0/33', '10.0.0.0/', '10.0.0', 'lab.example', '2001:db8::1/32'],
    ...['fe80::1%vmk0', '::ffff:10.0.0.1', '::ffff:10.0.0.0/104', '', 7],
  ].map((one): [unknown, string] => [
    { https: { allowed: ['10.0.0.1', one] } },
    `listeners.https.allowed[1]: expected ${peers}, found ${JSON.stringify(one)}`,
  ]),
])('refuses %j by its place', (value, message) => {
  expect(errorOf(() => listeners.parse(value)).message).toBe(message);
});

test.each([
  ['10.1.2.3', ['10.1.2.3'], true],
  ['10.1.2.4', ['10.1.2.3'], false],
  ['10.200.0.1', ['192.0.2.1', '10.0.0.0/8'], true],
  ['11.0.0.1', ['10.0.0.0/8'], false],
  // As a socket of both families shows IPv4, and IPv6 with its zone.
  ['::ffff:10.1.2.3', ['10.0.0.0/8'], true],
  ['::ffff:11.1.2.3', ['10.0.0.0/8'], false],
  ['fe80::5%vmk0', ['fe80::/10'], true],
  ['2001:db8::5', ['2001:db8::5'], true],
  ['2001:db8::5', ['2001:db8::/127'], false],
  ['2001:db8::5', ['0.0.0.0/0'], false],
  ['::ffff:10.1.2.3', ['::/0'], false],
  ['nonsense', ['0.0.0.0/0', '::/0'], false],
  ['10.1.2.3', undefined, true],
])('lets %s into %j: %s', (peer, allowed, may) => {
  expect(isAllowed(peer, allowed)).toBe(may);
});
