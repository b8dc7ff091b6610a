import { deepEqual, equal, throws } from 'node:assert/strict';

/** Dates, numbers, lists, plurals and sorting in English, with time zones. */
export async function checkIntl(): Promise<void> {
  const start = new Date(0);
  deepEqual(
    [
      start.toLocaleString('en-US', { timeZone: 'UTC' }),
      start.toLocaleString('en-GB', { timeZone: 'UTC' }),
      new Intl.DateTimeFormat('en', { dateStyle: 'full', timeZone: 'Europe/Berlin' }).format(0),
      (1234567.8).toLocaleString('en-US'),
      new Intl.NumberFormat('en', { style: 'unit', unit: 'gigabyte' }).format(1.5),
      new Intl.NumberFormat('en', { style: 'percent' }).format(0.25),
      new Intl.PluralRules('en', { type: 'ordinal' }).select(2),
      new Intl.RelativeTimeFormat('en').format(-1, 'day'),
      new Intl.ListFormat('en').format(['a', 'b', 'c']),
      ['b', 'a', 'B', 'a10', 'a9'].sort(new Intl.Collator('en', { numeric: true }).compare).join(),
      [...new Intl.Segmenter('en').segment('e\u0301a')].length,
    ],
    [
      ...['1/1/1970, 12:00:00 AM', '01/01/1970, 00:00:00', 'Thursday, January 1, 1970'],
      ...['1,234,567.8', '1.5 GB', '25%', 'two', '1 day ago', 'a, b, and c', 'a,a9,a10,b,B', 2],
    ],
  );
}

/** Names of hosts in all alphabets, normal forms, encodings. */
export async function checkText(): Promise<void> {
  equal(new URL('http://ex\u00e4mple.org/').href, 'http://xn--exmple-cua.org/');
  equal('a\u0308'.normalize('NFC').length, 1);
  equal('I\u0307STANBUL'.toLowerCase().length, 9);
  equal(new TextDecoder('utf-16le').decode(new Uint8Array([65, 0])), 'A');
  equal(new TextDecoder('latin1').decode(new Uint8Array([0xe4])), '\u00e4');
  equal(new TextEncoder().encode('\u20ac').length, 3);
  throws(() => new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xff])), TypeError);
  equal(Buffer.from('dHdpbmJhbms=', 'base64').toString(), 'twinbank');
}
