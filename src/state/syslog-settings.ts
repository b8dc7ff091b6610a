import { X509Certificate } from 'node:crypto';
import { expected, listOf, membersOf } from './setting-value.ts';
import { parseSyslogTarget, targetForm } from './syslog-target.ts';

/** Where log messages are sent beside the host's own log. */
export interface SyslogSettings {
  /** As {@link parseSyslogTarget} reads them. */
  readonly targets: readonly string[];
  /** SHA-256 of certificates of receivers that are trusted by themselves, whoever has signed them: lower-case hex. */
  readonly thumbprints?: readonly string[];
  /** Certificates of the authorities that receivers' certificates are held against, PEM; without it the well-known ones. */
  readonly ca?: string;
}

const most = 8;
const mostOfCa = 16 << 10;
const pemBlock = /-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** Throws `setting.value` (kind `corrupt`), one sentence with its place. */
export function parseSyslog(value: unknown): SyslogSettings {
  const given = membersOf('syslog', value, ['targets', 'thumbprints', 'ca']);
  const isTarget = (one: unknown): one is string =>
    typeof one === 'string' && parseSyslogTarget(one) !== undefined;
  const { thumbprints, ca } = given;
  return {
    targets: listOf('syslog.targets', given.targets, most, targetForm, isTarget),
    ...(thumbprints !== undefined && { thumbprints: parseThumbprints(thumbprints) }),
    ...(ca !== undefined && { ca: parseCa(ca) }),
  };
}

function parseThumbprints(value: unknown): string[] {
  const what = 'a SHA-256 thumbprint: 64 hex digits, colons optional';
  const isThumbprint = (one: unknown): one is string =>
    typeof one === 'string' && /^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/.test(one);
  const texts = listOf('syslog.thumbprints', value, most, what, isThumbprint);
  return texts.map((text) => text.replaceAll(':', '').toLowerCase());
}

function parseCa(value: unknown): string {
  const what = `certificates in PEM, at most ${mostOfCa} characters`;
  const blocks = typeof value === 'string' ? (value.match(pemBlock) ?? []) : [];
  if (typeof value !== 'string' || value.length > mostOfCa || blocks.length === 0) {
    throw typeof value === 'string'
      ? expected('syslog.ca', what)
      : expected('syslog.ca', what, value);
  }
  for (const [index, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch {
      throw expected(`syslog.ca, number ${index + 1}`, 'a certificate');
    }
  }
  return blocks.map((block) => `${block}\n`).join('');
}
