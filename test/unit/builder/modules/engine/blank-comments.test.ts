import { expect, it } from 'vitest';
import { blankComments } from '../../../../../src/builder/modules/engine/blank-comments.ts';

it('blanks comments and leaves every other character where it was', async () => {
  const source = [
    '// A licence.',
    "'use strict';",
    '/* Two',
    '   lines */',
    'const x = 1; // why',
    "  return 'http://example.org'; // it's quoted",
    '',
  ].join('\n');
  expect(await blankComments(source)).toBe(
    [
      '             ',
      "'use strict';",
      '      ',
      '           ',
      'const x = 1;       ',
      "  return 'http://example.org'; // it's quoted",
      '',
    ].join('\n'),
  );
});

it('leaves a source alone where what looks like a comment is part of a string', async () => {
  const source = 'const help = `\n// not a comment\n`;\n// a comment\nmodule.exports = help;\n';
  expect(await blankComments(source)).toBe(source);
});

it('takes the comment of a whole line where that at a line end is part of a string', async () => {
  const source = '// a comment\nconst page = `\nsee // here\n`;\n';
  expect(await blankComments(source)).toBe('            \nconst page = `\nsee // here\n`;\n');
});

it('leaves alone what is no JavaScript', async () => {
  const source = '// a comment\nconst = ;\n';
  expect(await blankComments(source)).toBe(source);
});
