import { describe, expect, it } from 'vitest';
import { parseControl } from '../../../../src/builder/components/deb-archive.ts';
import { unknownLicence } from '../../../../src/builder/inventory/licence.ts';
import {
  debPackage,
  genericPackage,
  npmPackage,
  uniquePackages,
} from '../../../../src/builder/inventory/package.ts';

const licence = unknownLicence('a test');

describe('a package in an inventory', () => {
  it('of Debian has its source, its maintainer and what it needs', () => {
    const control = parseControl(
      [
        'Package: libstdc++6',
        'Source: gcc-12 (12.2.0-14)',
        'Version: 12.2.0-14+b1',
        'Architecture: amd64',
        'Maintainer: A Team <a@example.org>',
        'Pre-Depends: libc6 (>= 2.36)',
        'Depends: gcc-12-base (= 12.2.0-14) | other, libc6',
        'Homepage: http://gcc.gnu.org/',
      ].join('\n'),
    );
    const about = { name: 'libstdc++6', version: '12.2.0-14+b1', sha256: 'ab' };
    expect(debPackage(about, control, licence)).toEqual({
      purl: 'pkg:deb/debian/libstdc%2B%2B6@12.2.0-14+b1?arch=amd64&upstream=gcc-12%4012.2.0-14',
      name: 'libstdc++6',
      version: '12.2.0-14+b1',
      licence,
      sha256: 'ab',
      integrity: '',
      supplier: 'A Team <a@example.org>',
      homepage: 'http://gcc.gnu.org/',
      source: 'gcc-12 12.2.0-14',
      depends: ['gcc-12-base', 'libc6'],
    });
  });

  it('of Debian without a Source is its own source', () => {
    const control = parseControl('Package: x\nArchitecture: all');
    const { purl, source } = debPackage(
      { name: 'x', version: '1:2-3', sha256: '' },
      control,
      licence,
    );
    expect(source).toBe('x 1:2-3');
    expect(purl).toBe('pkg:deb/debian/x@1:2-3?arch=all&upstream=x%401%3A2-3');
  });

  it('of npm has its scope in the package URL, and the author without address', () => {
    const about = {
      ...{
        name: '@a/b',
        version: '1.0.0',
        license: 'MIT',
        author: 'B <b@example.org> (https://b)',
      },
      repository: { url: 'git+https://example.org/b.git' },
      dependencies: { z: '1', c: '2' },
    };
    expect(npmPackage(about, { sha256: 'cd', integrity: 'sha512-x' })).toMatchObject({
      purl: 'pkg:npm/%40a/b@1.0.0',
      supplier: 'B',
      source: 'git+https://example.org/b.git',
      licence: { basis: 'package.json', terms: ['MIT'] },
      sha256: 'cd',
      integrity: 'sha512-x',
      depends: ['c', 'z'],
    });
  });

  it('of nobody has a generic package URL', () => {
    const acme = genericPackage({ name: 'acme', version: '1.0', supplier: 'ACME', licence });
    expect(acme).toMatchObject({ purl: 'pkg:generic/acme@1.0', supplier: 'ACME', sha256: '' });
    expect(uniquePackages([acme, { ...acme }])).toHaveLength(1);
  });
});
