import { describe, expect, it } from 'vitest';
import type { BankManifest, ManifestModule } from '../../../../src/bootloader/bank-manifest.ts';
import { combineProblems } from '../../../../src/update/manifest/combine.ts';
import { systemLinks } from '../../../../src/update/manifest/system-links.ts';
import { baseModules, baseOf, moduleOf, oemOf } from '../manifests.ts';

const messages = (...manifests: readonly BankManifest[]): string[] =>
  combineProblems(manifests).map(({ message }) => message);
const acme = (module: Partial<ManifestModule>, more: Partial<BankManifest> = {}): BankManifest =>
  oemOf('acme', more, module);
const zeta = (module: Partial<ManifestModule>): BankManifest => oemOf('zeta', {}, module);

describe('manifests that go together', () => {
  it('are a base, and OEMs that bring paths of their own', () => {
    expect(combineProblems([baseOf(), oemOf('acme'), oemOf('zeta')])).toEqual([]);
  });

  it('fulfil requirements by name, product, other OEMs and what somebody provides', () => {
    const requires = ['engine', 'engine >= 1', 'vmkernel = 1.0', 'twinbank < 2', 'zeta', 'cim = 3'];
    const other = zeta({ provides: ['cim = 3', 'snmp'] });
    expect(messages(baseOf(), acme({ requires: [...requires, 'snmp'] }), other)).toEqual([]);
  });

  it('may hide the files that they say that they replace; of an OEM, whichever of the two has the folder', () => {
    const replaces = ['engine < 2', 'acme'];
    expect(messages(baseOf(), acme({ files: ['bin/node'], replaces }))).toEqual([]);
    const lower = acme({ files: ['opt/x/y'] });
    expect(messages(baseOf(), lower, zeta({ files: ['opt/x'], replaces }))).toEqual([]);
    expect(messages(baseOf(), lower, zeta({ files: ['opt/x/y/z'], replaces }))).toEqual([]);
  });

  it('provide what they conflict with, as one of several that do the same', () => {
    const own = { provides: ['cim'], conflicts: ['cim'] };
    expect(messages(baseOf(), acme(own))).toEqual([]);
  });

  it('share no path with the initramfs, which is no layer', () => {
    const modules = [moduleOf('vmkernel'), moduleOf('boot', { files: ['init', 'opt/acme/tool'] })];
    expect(messages(baseOf({ modules }), oemOf('acme'))).toEqual([]);
  });
});

describe('manifests that do not go together', () => {
  it.each<[string, BankManifest[], string]>([
    [
      'an OEM for another product',
      [baseOf(), acme({}, { product: 'otherbox' })],
      'acme: expected it to be for twinbank, as the base is, found it to be for otherbox; take one for twinbank, or leave acme out',
    ],
    [
      'a module of a name that the base has',
      [baseOf(), acme({ name: 'engine', files: [] })],
      'module engine: expected one of this name, found base and acme to bring it; rename one of them',
    ],
    [
      'a module of a name that another OEM has',
      [baseOf(), acme({ name: 'cim', files: [] }), zeta({ name: 'cim', files: [] })],
      'module cim: expected one of this name, found acme and zeta to bring it; rename one of them',
    ],
    [
      'a file of a name that FAT does not tell apart',
      [baseOf(), acme({ file: 'ENGINE.V00', files: [] })],
      'file engine.v00: expected one of this name, found base and acme to bring it; rename one of them',
    ],
    [
      'two modules of one name in one manifest',
      [baseOf({ modules: [...baseModules, moduleOf('engine', { file: 'engine2.v00' })] })],
      'module engine: expected one of this name, found two modules of base to bring it; rename one of them',
    ],
    [
      'a requirement that nothing of the name fulfils',
      [baseOf(), acme({ requires: ['cim >= 2'] })],
      'acme of acme requires cim >= 2, found none; bring one that fits, or leave acme out',
    ],
    [
      'a requirement that only other versions could fulfil',
      [baseOf({ version: '1.4' }), acme({ requires: ['twinbank >= 2'] })],
      'acme of acme requires twinbank >= 2, found twinbank 1.4; bring one that fits, or leave acme out',
    ],
    [
      'a conflict with a module of the base',
      [baseOf(), acme({ conflicts: ['engine'] })],
      'acme of acme conflicts with engine, found engine 1.0 of base; leave out one of them',
    ],
    [
      'a conflict with what another OEM provides',
      [baseOf(), acme({ provides: ['cim = 4'] }), zeta({ conflicts: ['cim > 3'] })],
      'zeta of zeta conflicts with cim > 3, found cim 4 of acme; leave out one of them',
    ],
    [
      'a path that the base brings',
      [baseOf(), acme({ files: ['bin/node'] })],
      '/bin/node: expected one module to bring it, found engine of base and acme of acme; leave it out of one, or let acme say replaces: [engine]',
    ],
    [
      'a path that only a lower layer says it may hide, as only an upper one can',
      [baseOf(), acme({ files: ['x'], replaces: ['zeta'] }), zeta({ files: ['x'] })],
      '/x: expected one module to bring it, found acme of acme and zeta of zeta; leave it out of one, or let zeta say replaces: [acme]',
    ],
    [
      'a file where the base has a folder',
      [baseOf(), acme({ files: ['lib'] })],
      '/lib: expected the folder of engine of base to stay one, found a file or link of acme of acme, which would hide all that is in it; leave it out of acme',
    ],
    [
      'a file where the base has a folder, whatever it says that it replaces',
      [baseOf(), acme({ files: ['bin'], replaces: ['engine'] })],
      '/bin: expected the folder of engine of base to stay one, found a file or link of acme of acme, which would hide all that is in it; leave it out of acme',
    ],
    [
      'a folder where the base has a file, whatever it says that it replaces',
      [baseOf(), acme({ files: ['opt/node/more'], replaces: ['engine'] })].map((manifest, index) =>
        index > 0 ? manifest : baseOf({ modules: [moduleOf('engine', { files: ['opt/node'] })] }),
      ),
      '/opt/node: expected the file or link of engine of base to stay one, found acme of acme with opt/node/more, whose folder would hide it; leave it out of acme',
    ],
    [
      'a path that two bring, each of which may hide the base',
      [
        baseOf(),
        acme({ files: ['bin/node'], replaces: ['engine'] }),
        zeta({ files: ['bin/node'], replaces: ['engine'] }),
      ],
      '/bin/node: expected one module to bring it, found acme of acme and zeta of zeta; leave it out of one, or let zeta say replaces: [acme]',
    ],
    [
      'a version that is replaced, and is not there',
      [baseOf(), acme({ files: ['bin/node'], replaces: ['engine < 1.0'] })],
      '/bin/node: expected one module to bring it, found engine of base and acme of acme; leave it out of one, or let acme say replaces: [engine]',
    ],
    [
      'what is no relation',
      [baseOf(), acme({ requires: ['twinbank => 1'] })],
      'acme of acme says "twinbank => 1": expected NAME or NAME OP VERSION such as twinbank >= 1.2',
    ],
    [
      'what is provided in no version',
      [baseOf(), acme({ provides: ['cim >= 3'] })],
      'acme of acme provides cim >= 3: expected NAME or NAME = VERSION, which is what there is',
    ],
  ])('name both sides and the way out: %s', (_what, manifests, message) => {
    expect(messages(...manifests)).toEqual([message]);
  });

  it.each([
    ['lib/firmware/x', 'lib', 'usr/lib/firmware/x'],
    ['lib64/x.so', 'lib64', 'usr/lib64/x.so'],
    ['bin/tool', 'bin', 'usr/bin/tool'],
    ['sbin/tool', 'sbin', 'usr/bin/tool'],
    ['usr/sbin/tool', 'usr/sbin', 'usr/bin/tool'],
  ])('hide no link of the base, whatever they replace: %s', (path, link, direct) => {
    const links = [...systemLinks.keys()];
    const base = baseOf({ modules: [moduleOf('agents', { files: links })] });
    const replaces = ['agents'];
    expect(messages(base, acme({ files: [path], replaces }))).toEqual([
      `/${link}: expected the file or link of agents of base to stay one, found acme of acme with ${path}, whose folder would hide it; move that to ${direct}`,
    ]);
    expect(messages(base, acme({ files: [link.replace('usr/', '')], replaces }))).toEqual([
      `/${link.replace('usr/', '')}: expected nothing to hide what agents of base has at the root, found acme of acme to bring it as well; leave it out of acme`,
    ]);
  });

  it('are two of one origin, whatever is in them', () => {
    expect(
      messages(baseOf(), oemOf('acme', { modules: [] }), acme({}, { version: '2.0' })),
    ).toEqual([
      'acme: expected one manifest of this origin, found 1.0 and 2.0; leave out one of them',
    ]);
  });

  it('are all told, each with the origins that it is about', () => {
    const manifests = [
      baseOf(),
      acme({ requires: ['nothing'], conflicts: ['zeta'], files: ['a'] }),
      zeta({ name: 'engine', files: ['a'] }),
    ];
    const found = combineProblems(manifests).map(({ code, origins }) => [code, ...origins]);
    expect(found).toEqual([
      ['twice', 'base', 'zeta'],
      ['requires', 'acme'],
      ['shared-path', 'acme', 'zeta'],
    ]);
  });

  it('are told by five paths where they share more', () => {
    const files = Array.from({ length: 40 }, (_, index) => `etc/${index}`);
    expect(messages(baseOf(), acme({ files }), zeta({ files }))).toHaveLength(5);
  });
});
