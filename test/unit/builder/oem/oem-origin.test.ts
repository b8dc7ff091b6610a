import { expect, test } from 'vitest';
import type { BankManifest } from '../../../../src/bootloader/bank-manifest.ts';
import { relationsOf } from '../../../../src/builder/oem/oem-origin.ts';
import { loadProvider } from '../../../../src/recipe/provider.ts';
import { bankProblems } from '../../../../src/update/manifest/bank-problems.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';
import { baseOf, moduleOf } from '../../update/manifests.ts';

const kernel = { image: { version: '6.1.192-2' } as never, release: '6.1.0-56-amd64' };

/** The manifest of a provider with these lines in its provider.yaml. */
function oem(name: string, more = '', own: readonly string[] = []): BankManifest {
  const text = `name: ${name}\nvendor: X\nversion: "1.0"\n${more}`;
  const provider = loadProvider('.', temporaryFiles({ 'provider.yaml': text }));
  const relations = relationsOf(provider, 'twinbank', kernel, own);
  return {
    origin: name,
    vendor: 'X',
    product: 'twinbank',
    version: '1.0',
    build: '1.0',
    kernelOptions: [],
    modules: [moduleOf(name, { kind: 'oem', ...relations })],
  };
}

const together = (...oems: BankManifest[]): string[] =>
  bankProblems([baseOf(), ...oems]).map(({ message }) => message);

test('builds and drivers become requirements on the product and on the kernel', () => {
  const { modules } = oem('acme', 'builds: [">= 0.1", "< 2"]\ndrivers: [tg3]\n');
  expect(modules[0]).toMatchObject({
    provides: ['driver-tg3'],
    requires: ['twinbank >= 0.1', 'twinbank < 2', 'vmkernel = 6.1.192-2', 'kernel-6.1.0-56-amd64'],
    conflicts: [],
  });
});

test('a base that is not among its builds, or another kernel, is named with what was found', () => {
  expect(together(oem('acme', 'builds: [">= 9"]\ndrivers: [tg3]\n'))).toEqual([
    'acme of acme requires twinbank >= 9, found twinbank 1.0; bring one that fits, or leave acme out',
    'acme of acme requires vmkernel = 6.1.192-2, found vmkernel 1.0; bring one that fits, or leave acme out',
    'acme of acme requires kernel-6.1.0-56-amd64, found none; bring one that fits, or leave acme out',
  ]);
});

test('two that claim one default, or one driver, are both named', () => {
  const ntp = 'defaults: { ntp: { servers: [a.b] } }\n';
  expect(together(oem('acme', ntp), oem('other', ntp))).toEqual([
    'acme and other both set defaults.ntp; leave it out of one of them',
  ]);
  const drivers = together(oem('acme', '', ['fast-nic']), oem('other', '', ['fast_nic']));
  expect(drivers).toContain(
    'acme and other both bring the driver fast_nic; leave it out of one of them',
  );
});

test('one alone is in nobody’s way', () => {
  expect(together(oem('acme', 'defaults: { ntp: { servers: [a.b] } }\n'), oem('other'))).toEqual(
    [],
  );
});

test('OEMs that require one another in a circle are named in their order', () => {
  const three = [
    oem('one', 'requires: [two]\n'),
    oem('two', 'requires: [three]\n'),
    oem('three', 'requires: [one]\n'),
  ];
  expect(together(...three)).toEqual([
    'one: expected OEMs that do not require one another in a circle, found one -> two -> three -> one; take the requirement out of two, or make one provider of them',
  ]);
  expect(together(...three.slice(1), oem('one'))).toEqual([]);
});
