import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions } from '../../../../src/update/manifest/version.ts';

/** Versions in rising order, by deb-version(7) and Debian policy section 5.6.12. */
const rising = [
  '0',
  '0.0.1~~',
  '0.0.1~~a',
  '0.0.1~',
  '0.0.1~rc1',
  '0.0.1-0~bpo1',
  '0.0.1',
  '0.0.1-1',
  '0.0.1-1+b1',
  '0.0.1-1+deb12u1',
  '0.0.1-2',
  '0.0.1-10',
  '0.0.1a',
  '0.0.1b-1',
  '0.0.1+dfsg-1',
  '0.0.1.1',
  '0.0.2',
  '0.0.10',
  '0.1',
  '1.0-rc1-1',
  '6.1.9-1',
  '6.1.192-2',
  '10',
  '20261122',
  '1:0',
  '1:7.2+dfsg-7+deb12u18+b3',
  '2:0~',
];

describe('comparing versions', () => {
  it('puts every one of a rising list before those behind it', () => {
    for (const [index, one] of rising.entries()) {
      for (const [other, two] of rising.entries()) {
        expect(Math.sign(compareVersions(one, two)), `${one} and ${two}`).toBe(
          Math.sign(index - other),
        );
      }
    }
  });

  it.each([
    ['1.0', '1.00'],
    ['1.0', '1.0-0'],
    ['0:1.0', '1.0'],
    ['01:1', '1:1'],
    ['1.', '1.0'],
    ['007', '7'],
    ['99999999999999999999', '099999999999999999999'],
  ])('takes %s and %s for the same', (one, other) => {
    expect(compareVersions(one, other)).toBe(0);
    expect(compareVersions(other, one)).toBe(0);
  });

  it('compares numbers that no double holds', () => {
    expect(compareVersions('1.18446744073709551616', '1.18446744073709551617')).toBeLessThan(0);
    expect(compareVersions('1.9', '1.18446744073709551616')).toBeLessThan(0);
  });

  it('is an order of whatever stands in a manifest', () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'019.:~+-aZ'), maxLength: 8 }),
      fc.string({ unit: 'grapheme', maxLength: 6 }),
    );
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        const sign = (x: string, y: string): number => Math.sign(compareVersions(x, y));
        expect(sign(a, a)).toBe(0);
        expect(sign(a, b) + sign(b, a)).toBe(0);
        if (sign(a, b) <= 0 && sign(b, c) <= 0) expect(sign(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });
});
