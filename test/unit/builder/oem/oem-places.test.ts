import { expect, test } from 'vitest';
import type { BankManifest } from '../../../../src/bootloader/bank-manifest.ts';
import { relationsOf } from '../../../../src/builder/oem/oem-origin.ts';
import {
  type OemPlaces,
  packedPlaces,
  placedMessage,
  providerPlaces,
} from '../../../../src/builder/oem/oem-places.ts';
import { loadProvider } from '../../../../src/recipe/provider.ts';
import { bankProblems } from '../../../../src/update/manifest/bank-problems.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';
import { baseOf, moduleOf } from '../../update/manifests.ts';

const kernel = { image: { version: '6.1' } as never, release: '6.1.0-56-amd64' };

/** What each provider's lines lead to together, with the places of their folders; `packed` has none but its file. */
function problemsOf(oems: Record<string, string>, packed: readonly string[] = []): string[] {
  const files = Object.entries(oems).flatMap(([folder, text]) => [
    [`${folder}/provider.yaml`, `name: ${folder}\nvendor: X\nversion: "1.0"\n${text}`],
    [`${folder}/files/etc/motd`, folder],
    [`${folder}/cim/a.ts`, ''],
    [`${folder}/x.ko`, ''],
  ]);
  const cwd = temporaryFiles(Object.fromEntries(files));
  const places = new Map<BankManifest, OemPlaces>();
  const manifests = Object.keys(oems).map((folder): BankManifest => {
    const provider = loadProvider(folder, cwd);
    const own = provider.driverFiles.map(() => 'x');
    const relations = relationsOf(provider, 'twinbank', kernel, own);
    const { name } = provider;
    const brought = oems[folder]?.includes('# motd') ? ['etc/motd'] : [];
    const manifest: BankManifest = {
      ...{ origin: name, vendor: 'X', product: 'twinbank', version: '1.0', build: '1.0' },
      kernelOptions: [],
      modules: [moduleOf(name, { kind: 'oem', ...relations, files: brought })],
    };
    const isPacked = packed.includes(folder);
    places.set(manifest, isPacked ? packedPlaces(`${folder}.oem`) : providerPlaces(provider));
    return manifest;
  });
  const base = {
    ...baseOf(),
    modules: [
      moduleOf('agents', {
        provides: ['cim-api = 1', 'cim-class-base_x', 'vmkernel', 'kernel-6.1.0-56-amd64'],
      }),
    ],
  };
  return bankProblems([base, ...manifests])
    .filter(({ message }) => !message.includes('requires vmkernel'))
    .map((problem) => placedMessage(problem, (manifest) => places.get(manifest)));
}

const syslog = 'defaults:\n  syslog:\n    targets: [logs.example.com]\n';

test('names both places where two set one default, once', () => {
  expect(problemsOf({ acme: `products: [twinbank]\n${syslog}`, kestrel: syslog })).toEqual([
    'acme/provider.yaml:6:3 and kestrel/provider.yaml:5:3 both set defaults.syslog; leave it out of one of them',
  ]);
});

test('names a class, a driver and a file in the words and at the places of both', () => {
  const all =
    'cim:\n  - provider: file:cim/a.ts\n    classes: [Acme_Fan]\ndriverFiles: [file:x.ko]\n# motd\n';
  expect(problemsOf({ acme: all, kestrel: all.replace('Acme_Fan', 'ACME_fan') })).toEqual([
    'acme/provider.yaml:6:15 and kestrel/provider.yaml:6:15 both have the CIM class Acme_Fan; leave it out of one of them',
    'acme/provider.yaml:7:15 and kestrel/provider.yaml:7:15 both bring the driver x; leave it out of one of them',
    'acme/files/etc/motd and kestrel/files/etc/motd both bring /etc/motd; leave it out of one, or let kestrel say replaces: [acme]',
  ]);
});

test('names the file of a packed one, and the module of the base', () => {
  expect(problemsOf({ acme: syslog, kestrel: syslog }, ['kestrel'])).toEqual([
    'acme/provider.yaml:5:3 and kestrel.oem both set defaults.syslog; leave it out of one of them',
  ]);
  expect(
    problemsOf({ acme: 'cim:\n  - provider: file:cim/a.ts\n    classes: [Base_X]\n' }),
  ).toEqual([
    'acme/provider.yaml:6:15 and the module of base both have the CIM class Base_X; leave it out of one of them',
  ]);
});

test('names the line that requires, conflicts or is for another build, and who stands against it', () => {
  expect(
    problemsOf({
      acme: 'requires: [gone]\nconflicts:\n  - kestrel\nbuilds: [">= 9"]\n',
      kestrel: '',
    }),
  ).toEqual([
    'acme/provider.yaml:4:12 requires[0]: acme of acme requires gone, found none; bring one that fits, or leave acme out',
    'acme/provider.yaml:7:10 builds[0]: acme of acme requires twinbank >= 9, found twinbank 1.0; bring one that fits, or leave acme out',
    'acme/provider.yaml:6:5 conflicts[0]: acme of acme conflicts with kestrel, found kestrel 1.0 of kestrel; leave out one of them (kestrel/provider.yaml:1:7)',
  ]);
});

test('names each requirement of a circle', () => {
  expect(problemsOf({ one: 'requires: [two]\n', two: 'requires: [one]\n' })).toEqual([
    'one/provider.yaml:4:12 requires[0]: one: expected OEMs that do not require one another in a circle, found one -> two -> one; take the requirement out of two, or make one provider of them (two/provider.yaml:4:12)',
  ]);
});

test('says once of one that is called as a module of the base', () => {
  const both = `${syslog}# motd\n`;
  expect(problemsOf({ acme: both })).toEqual([]);
  expect(problemsOf({ agents: both })).toEqual([
    'the module of base and agents/provider.yaml:1:7 both have the module agents; rename one of them',
  ]);
});
