import { describe, expect, it } from 'vitest';
import type { InventoryFile } from '../../../src/builder/inventory/inventory.ts';
import { type Licence, unknownLicence } from '../../../src/builder/inventory/licence.ts';
import { genericPackage } from '../../../src/builder/inventory/package.ts';
import type { ListedModule, SystemInventory } from '../../../src/builder/inventory/system.ts';
import { findFile } from '../../../src/compare/find-file.ts';
import { listLicences, listPackages } from '../../../src/compare/list-packages.ts';

const spdx = (...terms: string[]): Licence => ({ basis: 'copyright file', terms });
const named = (name: string, licence: Licence = spdx('MIT')) =>
  genericPackage({ name, version: '1', supplier: '', licence });

function layer(name: string, files: Record<string, string>, licence?: Licence): ListedModule {
  const rows = Object.entries(files).map(([path, target]): InventoryFile => {
    return { path, package: 0, ...(target === '' ? { sha256: 'ab' } : { target }) };
  });
  const inventory = { module: name, packages: [named(`of-${name}`, licence)], files: rows };
  return {
    name,
    file: `${name}.v00`,
    version: '1',
    vendor: '',
    kind: 'base',
    sha256: '',
    inventory,
  };
}

const system: SystemInventory = {
  product: 'p',
  build: '1-1',
  modules: [
    { ...layer('vmkernel', { vmkernel: '' }), file: 'vmkernel' },
    layer('boot', { 'bin/busybox': '' }),
    layer('base', {
      bin: 'usr/bin',
      'usr/sbin': 'bin',
      'usr/bin/ls': 'busybox',
      'usr/lib/x': '',
      loop: 'loop',
    }),
    layer('oem', { 'usr/lib/x': '', 'opt/up': '../usr/lib', 'opt/abs': '/usr/lib' }),
  ],
  store: [],
  loader: {
    module: 'bootloader',
    packages: [named('grub')],
    files: [{ path: 'grub/grub.cfg', package: 0 }],
  },
};
const found = (path: string): string[] =>
  findFile(system, path).map((one) => `${one.module} ${one.path}`);

describe('the file that a path leads to', () => {
  it.each([
    ['/usr/lib/x', ['oem /usr/lib/x', 'base /usr/lib/x']],
    ['usr//lib/x', ['oem /usr/lib/x', 'base /usr/lib/x']],
    ['/lib/x', ['oem /usr/lib/x', 'base /usr/lib/x']],
    ['/bin/ls', ['base /usr/bin/ls']],
    ['/usr/sbin/ls', ['base /usr/bin/ls']],
    ['/opt/up/x', ['oem /usr/lib/x', 'base /usr/lib/x']],
    ['/opt/abs/x', ['oem /usr/lib/x', 'base /usr/lib/x']],
    ['/bin', ['base /bin']],
    ['bin/busybox', ['boot bin/busybox']],
    ['vmkernel', ['vmkernel vmkernel']],
    ['GRUB/grub.cfg', ['bootloader grub/grub.cfg']],
    ['/loop/x', []],
    ['/none', []],
    ['', []],
  ])('%s', (path, expected) => {
    expect(found(path)).toEqual(expected);
  });
});

describe('what is under which licence', () => {
  const both = {
    ...system,
    modules: [
      layer('a', {}, spdx('GPL-2.0-only OR MIT', 'MIT-CMU')),
      layer('b', {}, unknownLicence('of a test')),
      layer('c', {}, { basis: 'references', terms: ['GPL-2'] }),
    ],
    store: [
      {
        name: 'x.deb',
        sha256: '',
        packages: [named('of-a', spdx('GPL-2.0-only OR MIT', 'MIT-CMU'))],
      },
    ],
  };
  const all = listPackages(both);

  it('has each package once, with all the places that it is in', () => {
    expect(all.map((one) => `${one.package.name} ${one.places}`)).toEqual([
      ...['grub bootloader', 'of-a a,store', 'of-b b', 'of-c c'],
    ]);
  });

  it('is told by term; a package is under each of its own', () => {
    const rows = listLicences(all).map(({ licence, packages }) => [licence, packages.length]);
    expect(rows).toEqual([
      ['GPL-2.0-only OR MIT', 1],
      ['MIT', 1],
      ['MIT-CMU', 1],
      ['refers to GPL-2', 1],
      ['unknown', 1],
    ]);
  });

  it.each([
    ['mit', ['GPL-2.0-only OR MIT', 'MIT']],
    ['GPL-2', ['refers to GPL-2']],
    ['unknown', ['unknown']],
    ['GPL-2.0-only or mit', ['GPL-2.0-only OR MIT']],
    ['Zlib', []],
  ])('%s alone', (name, expected) => {
    expect(listLicences(all, name).map(({ licence }) => licence)).toEqual(expected);
  });
});
