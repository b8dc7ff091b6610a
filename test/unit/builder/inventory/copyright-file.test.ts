import { describe, expect, it } from 'vitest';
import { readCopyright } from '../../../../src/builder/inventory/copyright-file.ts';
import { spdxOfSynopsis } from '../../../../src/builder/inventory/debian-licence.ts';
import {
  expressionOf,
  licenceOfPackageJson,
  licenceText,
} from '../../../../src/builder/inventory/licence.ts';
import { isSpdxExpression } from '../../../../src/recipe/spdx-expression.ts';

describe("a licence's synopsis", () => {
  it.each([
    ['GPL-2', 'GPL-2.0-only'],
    ['GPL-2+', 'GPL-2.0-or-later'],
    ['LGPL-2.1+', 'LGPL-2.1-or-later'],
    ['GPL-2.0', 'GPL-2.0-only'],
    ['Expat', 'MIT'],
    ['BSD-3-clause', 'BSD-3-Clause'],
    ['zlib', 'Zlib'],
    ['GFDL-NIV-1.3+', 'GFDL-1.3-no-invariants-or-later'],
    ['GPL-2 with Linux-syscall-note exception', 'GPL-2.0-only WITH Linux-syscall-note'],
    ['Apache-2.0 with LLVM exception', 'Apache-2.0 WITH LLVM-exception'],
    ['GPL-2+ or BSD-2-clause', 'GPL-2.0-or-later OR BSD-2-Clause'],
    ['GPL-2+ and Expat or ISC', 'GPL-2.0-or-later AND MIT OR ISC'],
    ['GPL-2+ or Artistic, and BSD-3-clause', '(GPL-2.0-or-later OR Artistic-1.0) AND BSD-3-Clause'],
  ])('%s is %s', (synopsis, expression) => {
    expect(spdxOfSynopsis(synopsis)).toBe(expression);
    expect(isSpdxExpression(expression)).toBe(true);
  });

  it.each([
    ['GPL', 'LicenseRef-Debian-GPL'],
    ['public-domain', 'LicenseRef-Debian-public-domain'],
    ['BSD_LLVM', 'LicenseRef-Debian-BSD-LLVM'],
    ['GPL-3+ with Bison exception', 'LicenseRef-Debian-GPL-3-with-Bison-exception'],
    ['same as the rest', 'LicenseRef-Debian-same-as-the-rest'],
  ])('%s, which names no one licence, is only referred to', (synopsis, expression) => {
    expect(spdxOfSynopsis(synopsis)).toBe(expression);
    expect(isSpdxExpression(expression)).toBe(true);
  });

  it('may be missing', () => {
    expect(spdxOfSynopsis('')).toBeUndefined();
  });
});

const header =
  'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: x\n';

describe('a copyright file', () => {
  it('in the machine-readable form has the licences of all its files, each once', () => {
    const text = `${header}
Files: *
Copyright: 1999 A
License: GPL-2+ and Expat
 Text of it.
 .
 License: MIT, in the middle of a text

Files: b/* c/*
Copyright: B
License: BSD-3-clause or GPL-2+

Files: d
Copyright: D
License: Expat

License: GPL-2+
 On Debian systems: /usr/share/common-licenses/GPL-2.
`;
    const licence = readCopyright(text);
    expect(licence).toEqual({
      basis: 'copyright file',
      terms: ['BSD-3-Clause OR GPL-2.0-or-later', 'GPL-2.0-or-later', 'MIT'],
    });
    expect(expressionOf(licence)).toBe(
      '(BSD-3-Clause OR GPL-2.0-or-later) AND GPL-2.0-or-later AND MIT',
    );
  });

  it('says of files without a name for their licence that there is none', () => {
    const text = `${header}\nFiles: *\nLicense: ISC\n\nFiles: x\nLicense:\n Do what you want.\n`;
    expect(readCopyright(text).terms).toEqual(['ISC', 'LicenseRef-Debian-unnamed']);
  });

  it('in free text has the texts that it refers to, without a guess at versions', () => {
    const text =
      'It is free; either version 2, or (at your option) any later version.\n' +
      "See `/usr/share/common-licenses/GPL-2'. Parts: /usr/share/common-licenses/LGPL-2.1.\n";
    const licence = readCopyright(text);
    expect(licence).toEqual({ basis: 'references', terms: ['GPL-2', 'LGPL-2.1'] });
    expect(expressionOf(licence)).toBeUndefined();
    expect(licenceText(licence)).toBe('refers to GPL-2, LGPL-2.1');
  });

  it('with the form and no name in it counts as free text', () => {
    const text = `${header}\nFiles: *\nLicense:\n See /usr/share/common-licenses/GPL-2.\n`;
    expect(readCopyright(text)).toEqual({ basis: 'references', terms: ['GPL-2'] });
  });

  it('that says neither is unknown, with the reason, whatever its text looks like', () => {
    const text = 'Permission is hereby granted, free of charge, to any person obtaining a copy';
    expect(readCopyright(text)).toMatchObject({ basis: 'unknown', terms: [] });
    expect(licenceText(readCopyright(text))).toBe('unknown');
  });
});

describe('the licence of a package.json', () => {
  it('is an SPDX expression, or unknown', () => {
    expect(licenceOfPackageJson('(MIT OR CC0-1.0)').terms).toEqual(['(MIT OR CC0-1.0)']);
    const none = ['SEE LICENSE IN x', '', undefined, { type: 'MIT' }];
    for (const license of none) expect(licenceOfPackageJson(license).basis).toBe('unknown');
  });
});
