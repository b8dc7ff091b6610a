import { describe, expect, it } from 'vitest';
import { plain, plainLines } from '../../../../src/cli/text/plain-text.ts';

describe('plain', () => {
  it('leaves nothing that a terminal obeys, and other text as it is', () => {
    expect(plain('a\x1b[31mb\x9bc\rd\ne\u202ef\u2028g\u0000')).toBe('a?[31mb?c?d?e?f?g?');
    expect(plain('ACME Straße – 東京')).toBe('ACME Straße – 東京');
  });
});

describe('plainLines', () => {
  it('keeps lines as lines, and makes each of them plain', () => {
    expect(plainLines('ok 1\n\x1b]0;title\x07ok 2\r\n\n\tend')).toBe(
      'ok 1\n?]0;title?ok 2?\n\n?end',
    );
  });

  it('lets no line be a command to a log', () => {
    const lines = ['::error::x', '  ::set-output name=a::b', '##[error]x', 'ok ##[group]x'];
    expect(plainLines(lines.join('\n')).split('\n')).toEqual([
      '? ::error::x',
      '  ? ::set-output name=a::b',
      '# #[error]x',
      'ok # #[group]x',
    ]);
    // Behind what is no blank any more, and behind text, `::` is none.
    expect(plainLines('\r::error::x\na::b')).toBe('?::error::x\na::b');
  });
});
