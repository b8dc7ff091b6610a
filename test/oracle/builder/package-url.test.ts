import fc from 'fast-check';
import { PackageURL } from 'packageurl-js';
import { describe, expect, it } from 'vitest';
import { packageUrl } from '../../../src/builder/inventory/package-url.ts';

/** Debian Policy 5.6.7 and 5.6.12, and what npm takes. */
const name = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,20}$/);
const version = fc.stringMatching(/^([0-9]:)?[0-9][A-Za-z0-9.+~-]{0,20}$/);

describe('a package URL, as packageurl-js writes it', () => {
  it('of Debian', () => {
    const property = fc.property(name, version, name, version, (own, its, source, sources) => {
      const qualifiers = { upstream: `${source}@${sources}`, arch: 'amd64' };
      const theirs = new PackageURL('deb', 'debian', own, its, qualifiers, undefined).toString();
      expect(packageUrl('deb', 'debian', own, its, qualifiers)).toBe(theirs);
      expect(PackageURL.fromString(theirs)).toMatchObject({ name: own, version: its, qualifiers });
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('of npm and of nobody, with and without a scope or a version', () => {
    const scope = fc.option(
      name.map((one) => `@${one}`),
      { nil: undefined },
    );
    const property = fc.property(scope, name, version, (namespace, own, its) => {
      for (const one of [its, '']) {
        const npm = new PackageURL('npm', namespace, own, one, undefined, undefined).toString();
        expect(packageUrl('npm', namespace, own, one)).toBe(npm);
        const generic = new PackageURL('generic', undefined, own, one, undefined, undefined);
        expect(packageUrl('generic', undefined, own, one)).toBe(generic.toString());
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});
