import { describe, expect, it } from 'vitest';
import { readBankManifest } from '../../../src/bootloader/bank-manifest.ts';
import { baseOf, keys, moduleOf, oemOf, trust } from '../update/manifests.ts';

type Members = Record<string, unknown>;

/** The document of a base manifest, written down by hand. */
function base(): Members {
  const { base: facts, ...common } = baseOf({
    packages: [{ name: 'tool_1.0~rc1+b2_amd64.deb', bytes: 5, sha256: 'a'.repeat(64) }],
    trust: trust(keys.release),
  });
  return structuredClone({ schemaVersion: 1, type: 'manifest', ...common, ...facts });
}
function oem(): Members {
  const { base: _, ...common } = oemOf('acme');
  return structuredClone({ schemaVersion: 1, type: 'manifest', ...common });
}
const read = (document: unknown) => readBankManifest(Buffer.from(JSON.stringify(document)));

/** The document with the value at a path (`modules.0.name`) replaced; without a value it goes. */
function changed(document: Members, path: string, value?: unknown): Members {
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  const holder = steps.reduce<Members>((at, step) => at[step] as Members, document);
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return document;
}

describe('a manifest', () => {
  it('of the base has what only the base says apart', () => {
    const document = base();
    expect(read(document)).toMatchObject({
      origin: 'base',
      build: '1.0-1',
      kernelOptions: ['quiet'],
      modules: [{ name: 'vmkernel' }, { name: 'boot' }, { name: 'engine', file: 'engine.v00' }],
      base: {
        title: 'twinbank 1.0',
        securityVersion: 0,
        minVersion: '',
        packages: [{ name: 'tool_1.0~rc1+b2_amd64.deb', bytes: 5 }],
        trust: [{ keyId: keys.release.public.id }],
      },
    });
  });

  it('of the base may list the loader that was built with it, whole or not at all', () => {
    const part = { bytes: 440, sha256: 'a'.repeat(64) };
    const loader = { bootCode: part, coreImage: part, bootx64: part, grubCfg: part };
    expect(read(changed(base(), 'loader', loader))).toMatchObject({ base: { loader } });
    expect(read(base())).not.toHaveProperty('base.loader');
    const { grubCfg: _, ...less } = loader;
    for (const [wrong, problem] of [
      [less, 'loader.grubCfg: expected it to be there'],
      [{ ...loader, more: part }, 'loader: expected no member "more"'],
      [
        { ...loader, coreImage: { ...part, bytes: -1 } },
        'loader.coreImage.bytes: expected a whole',
      ],
      [null, 'loader: expected an object'],
    ] as const) {
      expect(read(changed(base(), 'loader', wrong))).toContain(problem);
    }
    expect(read(changed(oem(), 'loader', loader))).toContain('expected no member "loader"');
  });

  it('of the base says of packages what they are, or nothing of that, as older ones', () => {
    const plain = { name: 'ovmf_1.sqfs', bytes: 5, sha256: 'a'.repeat(64) };
    const typed = { ...plain, id: 'ovmf', type: 'of-a-newer-build', version: '2022.11-6+deb12u2' };
    const packages = [plain, typed];
    expect(read(changed(base(), 'packages', packages))).toMatchObject({ base: { packages } });
    for (const [wrong, problem] of [
      [{ ...typed, id: '../ovmf' }, 'packages[0].id: expected a name'],
      [{ ...typed, type: 5 }, 'packages[0].type: expected a name'],
      [{ ...typed, version: 'a\nb' }, 'packages[0].version: expected a text'],
      [{ ...typed, path: 'x' }, 'packages[0]: expected no member "path"'],
    ] as const) {
      expect(read(changed(base(), 'packages', [wrong]))).toContain(problem);
    }
  });

  it('of an OEM has nothing of it', () => {
    const found = read(oem());
    expect(found).toMatchObject({ origin: 'acme', modules: [{ kind: 'oem' }] });
    expect(found).not.toHaveProperty('base');
  });

  it.each([
    ['', 'expected JSON'],
    ['{', 'expected JSON'],
    ['null', 'expected an object'],
    ['[]', 'expected an object'],
    ['"base"', 'expected an object'],
  ])('is not %j', (text, problem) => {
    expect(readBankManifest(Buffer.from(text))).toBe(problem);
  });

  const common = Object.keys(oem());
  const own = ['title', 'securityVersion', 'minVersion', 'packages', 'trust'];
  it.each([...common, ...own])('of the base lacks no %s', (key) => {
    // Without its origin it is taken for an OEM's.
    const problem =
      key === 'origin' ? /^origin: / : new RegExp(`^${key}: expected it to be there$`);
    expect(read(changed(base(), key))).toMatch(problem);
  });

  it.each(common)('of an OEM lacks no %s', (key) => {
    expect(read(changed(oem(), key))).toMatch(`${key}: expected it to be there`);
  });

  it.each(own)('of an OEM has no %s', (key) => {
    const value = base()[key];
    expect(read(changed(oem(), key, value))).toBe(`expected no member "${key}"`);
  });

  it.each(Object.keys(moduleOf('x')))('has no module without %s', (key) => {
    expect(read(changed(base(), `modules.1.${key}`))).toBe(
      `modules[1].${key}: expected it to be there`,
    );
  });

  const texts = 'a text of at most 1024 characters';
  it.each<[string, unknown, string]>([
    ['schemaVersion', 2, 'schemaVersion: expected 1'],
    ['schemaVersion', '1', 'schemaVersion: expected 1'],
    ['type', 'bundle', 'type: expected "manifest"'],
    ['origin', 'Base', 'origin: expected an origin such as base'],
    ['origin', 'muchtoolong', 'origin: expected an origin such as base'],
    ['origin', '../base', 'origin: expected an origin such as base'],
    ['vendor', 'a\nb', `vendor: expected ${texts}`],
    ['vendor', 'v'.repeat(1025), `vendor: expected ${texts}`],
    ['product', null, `product: expected ${texts}`],
    ['version', 1.1, `version: expected ${texts}`],
    ['build', '\u0000', `build: expected ${texts}`],
    ['kernelOptions', 'quiet', 'kernelOptions: expected a list of at most 20000'],
    ['kernelOptions.0', 5, `kernelOptions[0]: expected ${texts}`],
    ['title', {}, `title: expected ${texts}`],
    ['title', '\ud800', `title: expected ${texts}`],
    ['securityVersion', -1, 'securityVersion: expected a whole number'],
    ['securityVersion', 1.5, 'securityVersion: expected a whole number'],
    ['securityVersion', '1', 'securityVersion: expected a whole number'],
    ['securityVersion', 2 ** 53, 'securityVersion: expected a whole number'],
    ['minVersion', 1, `minVersion: expected ${texts}`],
    ['packages', {}, 'packages: expected a list of at most 256'],
    ['packages.0', 'tool', 'packages[0]: expected an object'],
    ['packages.0.name', '../tool', 'packages[0].name: expected a file name'],
    ['packages.0.name', '', 'packages[0].name: expected a file name'],
    ['packages.0.bytes', -5, 'packages[0].bytes: expected a whole number'],
    ['packages.0.sha256', 'A'.repeat(64), 'packages[0].sha256: expected 64 hexadecimal digits'],
    ['packages.0.path', 'x', 'packages[0]: expected no member "path"'],
    ['trust', Array(65).fill(trust(keys.next)[0]), 'trust: expected a list of at most 64'],
    ['trust.0.keyId', 'xyz', 'trust[0].keyId: expected 16 hexadecimal digits'],
    ['trust.0.publicKey', 'a'.repeat(63), 'trust[0].publicKey: expected 64 hexadecimal digits'],
    ['modules', Array(257).fill(moduleOf('x')), 'modules: expected a list of at most 256'],
    ['modules.2', null, 'modules[2]: expected an object'],
    ['modules.2.name', 'en gine', 'modules[2].name: expected a name'],
    ['modules.2.name', '-engine', 'modules[2].name: expected a name'],
    ['modules.2.version', 22, `modules[2].version: expected ${texts}`],
    ['modules.2.vendor', [], `modules[2].vendor: expected ${texts}`],
    ['modules.2.kind', 'other', 'modules[2].kind: expected one of base, oem'],
    ['modules.2.kind', ['base'], 'modules[2].kind: expected one of base, oem'],
    ['modules.2.kind', 'oem', 'module engine: expected the kind of base'],
    ['modules.2.bytes', '5', 'modules[2].bytes: expected a whole number'],
    ['modules.2.sha256', 'a'.repeat(65), 'modules[2].sha256: expected 64 hexadecimal digits'],
    ['modules.2.files', [5], `modules[2].files[0]: expected ${texts}`],
    ['modules.2.provides', 'x', 'modules[2].provides: expected a list of at most 20000'],
    ['modules.2.requires', [null], `modules[2].requires[0]: expected ${texts}`],
    ['modules.2.conflicts', [['x']], `modules[2].conflicts[0]: expected ${texts}`],
    ['modules.2.replaces', { 0: 'x' }, 'modules[2].replaces: expected a list of at most 20000'],
    ['modules.2.more', 1, 'modules[2]: expected no member "more"'],
    ['__proto_', 1, 'expected no member "__proto_"'],
    ['\u009b\u202e', 1, 'expected no member "\\u009b\\u202e"'],
  ])('whose %s is %j is refused by the member', (path, value, problem) => {
    expect(read(changed(base(), path, value))).toBe(problem);
  });

  it.each([
    'vmkernel2',
    'boot.cfg',
    'bank.env',
    'base.json',
    'base.sig',
    'engine.v00.sum',
    'state1.slt',
    'a/b.v00',
    '.v00',
    '~.v00',
  ])('lists no module in %s, which is no file that a loader loads', (file) => {
    expect(read(changed(base(), 'modules.2.file', file))).toBe(
      'modules[2].file: expected vmkernel or a name such as engine.v00',
    );
  });

  it('of an OEM has no module of the base', () => {
    expect(read(changed(oem(), 'modules.0.kind', 'base'))).toBe(
      'module acme: expected the kind of acme',
    );
  });
});
