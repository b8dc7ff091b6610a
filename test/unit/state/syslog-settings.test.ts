import { expect, test } from 'vitest';
import { parseSyslog } from '../../../src/state/syslog-settings.ts';
import { errorOf } from '../../support/error-of.ts';
import { loopback } from '../update/source/loopback-certificate.ts';

const thumbprint = Array.from({ length: 32 }, (_, index) => index.toString(16).padStart(2, '0'));

test('P5: has thumbprints in one form, and of a text the certificates alone', () => {
  expect(
    parseSyslog({
      targets: ['tls://log.lab'],
      thumbprints: [thumbprint.join(':').toUpperCase()],
      ca: `Subject: loopback\n${loopback.cert}\nand so on\n${loopback.cert}`,
    }),
  ).toEqual({
    targets: ['tls://log.lab'],
    thumbprints: [thumbprint.join('')],
    ca: `${loopback.cert}\n${loopback.cert}\n`,
  });
  expect(parseSyslog({ targets: [] })).toEqual({ targets: [] });
});

test.each([
  [
    { targets: ['relp://a'] },
    'syslog.targets[0]: expected HOST, HOST:PORT or udp://, tcp://, tls:// or ssl://HOST[:PORT], found "relp://a"',
  ],
  [
    { targets: [], thumbprints: ['ab'] },
    'syslog.thumbprints[0]: expected a SHA-256 thumbprint: 64 hex digits, colons optional, found "ab"',
  ],
  [
    { targets: [], ca: 'none' },
    'syslog.ca: expected certificates in PEM, at most 16384 characters, found something else',
  ],
  [
    { targets: [], ca: `${loopback.cert}\n${loopback.cert.replace('MIIB', 'AAAA')}` },
    'syslog.ca, number 2: expected a certificate, found something else',
  ],
  [
    { targets: [], cert: '' },
    'syslog: expected no members but targets, thumbprints, ca, found "cert"',
  ],
])('P5: refuses %j in one sentence', (value, message) => {
  expect(errorOf(() => parseSyslog(value)).message).toBe(message);
});
