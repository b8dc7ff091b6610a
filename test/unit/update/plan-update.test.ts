import { describe, expect, it } from 'vitest';
import type { ManifestModule } from '../../../src/bootloader/bank-manifest.ts';
import type { TwinbankError } from '../../../src/diagnostics/error.ts';
import { planUpdate, type UpdateFacts, type UpdatePlan } from '../../../src/update/plan-update.ts';
import type { SignedManifest } from '../../../src/update/signing/signed-manifest.ts';
import { errorOf } from '../../support/error-of.ts';
import { baseModules, baseOf, keys, moduleOf, oemOf, sign, trust } from './manifests.ts';

const target = { number: 6, clusters: 20_000, clusterBytes: 2048 };

/** An update from `kept` to `bundle`; all of the bundle's modules are sent but those named in `left`. */
function plan(
  kept: readonly SignedManifest[],
  bundle: readonly SignedManifest[],
  more: Partial<UpdateFacts> & { left?: readonly string[]; from?: string } = {},
): UpdatePlan {
  const { left = [], from, ...facts } = more;
  const modules = bundle.flatMap(({ manifest }) => manifest.modules);
  const { product = '', version = '', build = '' } = bundle[0]?.manifest ?? {};
  const index = {
    ...{ product, version, build },
    ...(from !== undefined && { from: { build: from, manifest: 'ab'.repeat(32) } }),
    entries: modules
      .filter(({ name }) => !left.includes(name))
      .map(({ file, bytes, sha256 }) => ({ path: `modules/${file}`, bytes, sha256 })),
  };
  return planUpdate({ kept, bundle, index, name: 'x.tbu', target, ...facts });
}
const refusal = (...parts: Parameters<typeof plan>): TwinbankError => {
  const error = errorOf(() => plan(...parts));
  expect(error.kind).toBe('refused');
  return error;
};

const engine2 = moduleOf('engine', { version: '2.0', files: ['bin/node', 'lib/libc.so.6'] });
const modules2 = [...baseModules.slice(0, 2), engine2];
const v1 = sign(baseOf());
const v2 = sign(baseOf({ version: '2.0', modules: modules2 }));
const acme = sign(oemOf('acme'));

describe('the plan of an update', () => {
  it('names both builds, and each module with where it comes from and what was there before', () => {
    const { modules, ...found } = plan([v1, acme], [v2], { left: ['vmkernel'] });
    expect(found).toMatchObject({ from: '1.0-1', to: '2.0-1', older: false, dropped: [] });
    expect(
      modules.map(({ name, origin, source, keptFile, from, version }) => {
        return [name, origin, source, keptFile, from, version];
      }),
    ).toEqual([
      ['vmkernel', 'base', 'kept', 'vmkernel', '1.0', '1.0'],
      ['boot', 'base', 'bundle', 'boot.v00', '1.0', '1.0'],
      ['engine', 'base', 'bundle', undefined, '1.0', '2.0'],
      ['acme', 'acme', 'kept', 'acme.v00', '1.0', '1.0'],
    ]);
  });

  it('finds a module of the kept bank by its bytes, whatever it is called there', () => {
    const renamed = { ...baseModules[2]!, name: 'runtime', file: 'runtime.v00' };
    const bundle = [
      sign(baseOf({ version: '2.0', modules: [...baseModules.slice(0, 2), renamed] })),
    ];
    const { modules, dropped } = plan([v1], bundle, { left: ['runtime'] });
    expect(modules[2]).toMatchObject({ source: 'kept', keptFile: 'engine.v00', from: undefined });
    expect(dropped).toEqual(['engine']);
  });

  it('lists the files of the new bank, its OEMs with their own manifests and signatures', () => {
    const { bank, manifests } = plan([v1, acme], [v2]);
    const names = bank.files.map(({ name }) => name);
    expect(names.filter((name) => !name.endsWith('.sum'))).toEqual([
      ...['bank.env', 'vmkernel', 'boot.v00', 'engine.v00', 'acme.v00'],
      ...['base.json', 'base.sig', 'acme.json', 'acme.sig', 'state1.slt', 'state2.slt'],
    ]);
    expect(manifests[1]).toMatchObject({ bytes: acme.bytes, signature: acme.signature });
    expect(bank.bootCfg).toMatchObject({ build: '2.0-1', title: 'twinbank 2.0' });
    expect(bank.bootCfg.kernelopt).toBe('quiet twinbank.build=2.0-1 twinbank.layers=engine,acme');
  });

  it('says where the new build is the older one', () => {
    const allowOlder = { allowOlder: true };
    expect(plan([v2], [v1], allowOlder).older).toBe(true);
    expect(plan([v1], [v1], allowOlder).older).toBe(false);
    const [build9, build10] = ['1.0-9', '1.0-10'].map((build) => sign(baseOf({ build })));
    expect(plan([build10!], [build9!], allowOlder).older).toBe(true);
    expect(plan([build9!], [build10!]).older).toBe(false);
  });
});

describe('an update is refused', () => {
  it('for another product', () => {
    const other = sign(baseOf({ product: 'otherbox' }));
    expect(refusal([v1], [other])).toMatchObject({
      code: 'update.product',
      message: 'x.tbu: expected a bundle for twinbank, found one for otherbox',
    });
  });

  it('below the security version of the host, and not at it or above', () => {
    const at = (securityVersion: number) =>
      sign(baseOf({ version: `${securityVersion}.0`, securityVersion }));
    expect(refusal([at(3)], [at(2)])).toMatchObject({
      code: 'update.security-version',
      message: 'x.tbu: expected security version 3 or higher, as 3.0-1 has, found 2 of 2.0-1',
    });
    const older = sign(baseOf({ version: '2.9', securityVersion: 3 }));
    expect(plan([at(3)], [older], { allowOlder: true }).older).toBe(true);
    expect(refusal([at(3)], [at(2)], { allowOlder: true }).code).toBe('update.security-version');
    expect(plan([at(3)], [at(4)]).to).toBe('4.0-1');
  });

  it.each([
    ['2.0-1', '1.0-1'],
    ['1.0-10', '1.0-9'],
    ['1.10.0-1', '1.9.0-1'],
    ['2.0-1', '2.0~rc1-1'],
    ['2.0-rc.1-1', '2.0-1'],
    ['1.0+site2-1', '1.0-5'],
  ])('where the host has %s and the bundle the older %s', (running, offered) => {
    const [kept, bundle] = [running, offered].map((build) => [sign(baseOf({ build }))]);
    expect(refusal(kept!, bundle!)).toMatchObject({
      code: 'update.older',
      message: `x.tbu: expected build ${running} or newer, as the host has it, found ${offered}, which is older; it is taken with --allow-older (allowOlder of update.apply, allow-older in scenarios)`,
    });
    expect(plan(kept!, bundle!, { allowOlder: true }).to).toBe(offered);
    expect(plan(bundle!, kept!).to).toBe(running);
  });

  it('where the host is older than the oldest that can be updated', () => {
    const bundle = sign(baseOf({ version: '3.0', minVersion: '2.0' }));
    expect(refusal([sign(baseOf({ version: '2.0~rc1' }))], [bundle])).toMatchObject({
      code: 'update.min-version',
      message:
        'x.tbu: expected a host with version 2.0 or newer, found 2.0~rc1; update to 2.0 first',
    });
    expect(plan([sign(baseOf({ version: '2.0' }))], [bundle]).to).toBe('3.0-1');
  });

  it.each<[string, string, Partial<ManifestModule>, string]>([
    [
      'requires what the new base is not',
      'oem-requires',
      { requires: ['twinbank < 2'] },
      'acme of acme requires twinbank < 2, found twinbank 2.0; bring one that fits, or leave acme out (acme 1.0 of the running bank is kept)',
    ],
    [
      'conflicts with what the new base brings',
      'oem-conflicts',
      { conflicts: ['engine >= 2'] },
      'acme of acme conflicts with engine >= 2, found engine 2.0 of base; leave out one of them (acme 1.0 of the running bank is kept)',
    ],
    [
      'has a path that the new base brings',
      'oem-shared-path',
      { files: ['etc/new'] },
      '/etc/new: expected one module to bring it, found engine of base and acme of acme; leave it out of one, or let acme say replaces: [engine] (acme 1.0 of the running bank is kept)',
    ],
    [
      'has the name of a new module',
      'oem-twice',
      { name: 'cim', file: 'cim.v00' },
      'module cim: expected one of this name, found base and acme to bring it; rename one of them (acme 1.0 of the running bank is kept)',
    ],
  ])('where an OEM that goes along %s', (_what, code, module, message) => {
    const newer = moduleOf('engine', { version: '2.0', files: ['bin/node', 'etc/new'] });
    const modules = [...baseModules.slice(0, 2), newer, moduleOf('cim')];
    const bundle = sign(baseOf({ version: '2.0', modules }));
    const kept = [v1, sign(oemOf('acme', {}, module))];
    expect(refusal(kept, [bundle])).toMatchObject({ code: `update.${code}`, message });
  });

  it('where an OEM that goes along and one of the bundle would require one another in a circle', () => {
    const kept = [v1, sign(oemOf('acme', {}, { requires: ['cim'], provides: ['cim = 1'] }))];
    const cim = sign(oemOf('zeta', {}, { requires: ['acme'], provides: ['rack = 1'] }));
    expect(plan(kept, [v2, cim]).manifests).toHaveLength(3);
    const needy = [v1, sign(oemOf('acme', {}, { requires: ['rack'] })), cim];
    expect(refusal(needy.slice(0, 2), [v2, cim])).toMatchObject({
      code: 'update.oem-cycle',
      message:
        'acme: expected OEMs that do not require one another in a circle, found acme -> zeta -> acme; take the requirement out of zeta, or make one provider of them (acme 1.0 of the running bank is kept)',
    });
  });

  it('where OEMs of the bundle do not go together, which no host is blamed for', () => {
    const bundle = [v2, sign(oemOf('zeta', {}, { requires: ['cim'] }))];
    expect(refusal([v1, acme], bundle).message).toBe(
      'zeta of zeta requires cim, found none; bring one that fits, or leave zeta out',
    );
  });

  it('where the new base does not trust who signed an OEM that goes along', () => {
    const bundle = sign(baseOf({ version: '2.0', trust: trust(keys.next) }), keys.next);
    const own = sign(oemOf('acme', { version: '1.5' }), keys.release, keys.acme);
    const ids = [keys.release, keys.acme].map((key) => key.public.id).sort();
    expect(refusal([v1, own], [bundle])).toMatchObject({
      code: 'update.oem-untrusted',
      message: `acme 1.5: expected the signature of a key that 2.0-1 trusts (${keys.next.public.id}), found signatures of ${ids.join(', ')}; take a bundle that includes acme, too`,
    });
    const brought = sign(oemOf('acme', { version: '1.5' }), keys.next);
    expect(plan([v1, own], [bundle, brought]).manifests).toHaveLength(2);
    const signedTwice = sign(oemOf('acme'), keys.release, keys.next);
    expect(plan([v1, signedTwice], [bundle]).manifests).toHaveLength(2);
  });

  it('where a relative bundle lacks what this host does not have either', () => {
    const other = [sign(baseOf({ version: '1.1', modules: modules2.slice(0, 2) }))];
    expect(refusal(other, [v2], { left: ['engine'], from: '1.0-1' })).toMatchObject({
      code: 'update.module-missing',
      message:
        'x.tbu: expected module engine 2.0 in the bundle or on this host, found it in neither, as it is relative to 1.0-1; take a full bundle',
    });
  });

  it('where it does not fit, with the largest file named', () => {
    const small = { ...target, clusters: 270 };
    const error = refusal([v1], [v2], { target: small });
    expect(error).toMatchObject({ code: 'update.no-fit' });
    expect(error.message).toMatch(
      /^x\.tbu: expected files of at most 540\.0 KiB for bank 6, found 5\d\d\.\d KiB, the largest being state1\.slt with 256\.0 KiB$/,
    );
    const large = moduleOf('engine', { version: '3.0', bytes: 700_000 });
    const bundle = sign(baseOf({ version: '3.0', modules: [...baseModules.slice(0, 2), large] }));
    expect(refusal([v1], [bundle], { target: { ...target, clusters: 500 } }).message).toContain(
      'the largest being engine.v00 with 683.6 KiB',
    );
    const withOem = refusal([v1, acme], [bundle], { target: { ...target, clusters: 500 } });
    expect(withOem.message).toMatch(/; OEMs bring acme\.v00 with \S+ \S+: leave one out$/);
  });

  it('by one cluster, and not where the last one is just filled', () => {
    const { files } = plan([v1], [v2]).bank;
    const clusters = files.reduce((sum, { bytes }) => sum + Math.ceil(bytes / 2048), 1);
    expect(plan([v1], [v2], { target: { ...target, clusters } }).to).toBe('2.0-1');
    expect(refusal([v1], [v2], { target: { ...target, clusters: clusters - 1 } }).code).toBe(
      'update.no-fit',
    );
  });

  it.each<[string, Parameters<typeof baseOf>[0], RegExp]>([
    ['a title that boot.cfg cannot hold', { title: 'say "hi"' }, /^x\.tbu: boot\.cfg title: /],
    ['a title that is too long', { title: 't'.repeat(900) }, /title: .* within 1024 bytes/],
    ['a build that is none', { build: 'v2.0-1' }, /^x\.tbu: boot\.cfg build: /],
    ['more options than bank.env has room for', { kernelOptions: ['o'.repeat(1000)] }, /kernelopt/],
  ])('before anything is written for %s', (_what, parts, message) => {
    const error = refusal([v1], [sign(baseOf({ version: '2.0', ...parts }))]);
    expect(error.code).toBe('update.boot-cfg');
    expect(error.message).toMatch(message);
  });
});
