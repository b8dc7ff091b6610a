import { describe, expect, it } from 'vitest';
import {
  type ScreenFacts,
  screenLines,
} from '../../../../../src/runtime/vmkernel/management/screen-lines.ts';

const facts: ScreenFacts = {
  title: 'twinbank on Ridgeline R6',
  product: 'twinbank',
  build: '0.1.0-1',
  bank: 5,
  loaderSeconds: 2,
  logo: [],
  host: 'esx1',
  addresses: '10.0.2.15/24 on vmk0',
  phase: 'ready',
  confirmed: true,
  trial: false,
  problems: [],
};
const lines = (change: Partial<ScreenFacts> = {}) => screenLines({ ...facts, ...change });

describe('the screen at rest', () => {
  it("has product, build, host, address, bank, state and the loader's keys", () => {
    expect(lines()).toEqual([
      'twinbank on Ridgeline R6',
      '',
      '  Product   twinbank 0.1.0-1',
      '  Host      esx1',
      '  Address   10.0.2.15/24 on vmk0',
      '  Bank      5, confirmed',
      '  State     ready',
      '',
      '  At the next start, for 2 s once the banks are listed: Esc or F4 opens the',
      "  loader's menu, r goes back to the other bank.",
      '-'.repeat(79),
    ]);
  });

  it('tells a trial, a boot that is not confirmed, and keys that are not listened for', () => {
    expect(lines({ confirmed: false, trial: true, phase: 'starting', loaderSeconds: 0 })).toEqual(
      expect.arrayContaining([
        '  Bank      5, on trial: the other bank starts if it is not confirmed',
        '  State     starting',
        '  The loader listens for no keys at the next start.',
      ]),
    );
    const problems = ['agent cim: it has just been started'];
    expect(lines({ phase: 'starting', problems })).toContain(
      '  State     starting: agent cim: it has just been started',
    );
    expect(lines({ problems })).toContain(
      '  State     unhealthy: agent cim: it has just been started',
    );
    const byHand = lines({ confirmed: false, bank: undefined });
    expect(byHand).toContain('  Bank      none: started without the loader');
    expect(byHand).toContain('  State     ready, not confirmed');
  });

  it('keeps to 79 columns and leaves rows for messages, whatever is wrong and however large the logo', () => {
    const logo = Array.from({ length: 16 }, (_, row) => `${row}`.padEnd(76, '#'));
    const long = lines({ problems: ['x'.repeat(300), 'disk '.repeat(200)], logo });
    expect(Math.max(...long.map(({ length }) => length))).toBe(79);
    expect(long.length).toBeLessThanOrEqual(20);
    expect(long.filter((text) => text.includes('#'))).toEqual([]);
    expect(long).toContain('            ...');
    expect(lines({ logo: logo.slice(0, 6) })).toContain(logo[0]);
  });
});
