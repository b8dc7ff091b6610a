import { describe, expect, it } from 'vitest';
import type { TwinbankError } from '../../../../src/diagnostics/error.ts';
import { type BundlePlan, planBundle } from '../../../../src/update/bundle/make-bundle.ts';
import { type OlderBuild, olderBuildOf } from '../../../../src/update/bundle/older-build.ts';
import type { KeptManifest } from '../../../../src/update/manifest/plan-bank.ts';
import { developmentKey, type SigningKey } from '../../../../src/update/signing/key.ts';
import { assertSigned, signatureKeyIds } from '../../../../src/update/signing/signature.ts';
import { errorOf } from '../../../support/error-of.ts';
import { baseModules, baseOf, fileOf, keys, moduleOf, oemOf, sign, trust } from '../manifests.ts';
import { partsOf } from './signed-bundle.ts';
import { sha256 } from './small-bundle.ts';

const { release, next, acme } = keys;
const ids = (...of: readonly SigningKey[]): string[] => of.map((key) => key.public.id).sort();
const plan = (manifests: readonly KeptManifest[], key = release, from?: OlderBuild): BundlePlan =>
  planBundle(partsOf(manifests), key, from);
/** Who signed a manifest of the bundle. */
function signers({ entries }: BundlePlan, path: string): string[] {
  const { content } = entries.find((one) => one.path === path)!;
  return signatureKeyIds(content as Uint8Array, path);
}

describe('the plan of a bundle', () => {
  const tool = { name: 'tool.deb', ...fileOf(700) };
  const base = sign(baseOf({ packages: [tool] }));
  const oem = sign(oemOf('acme'));

  it('lists all of a build in the order of its manifests', () => {
    const { index, entries, rows } = plan([base, oem]);
    expect(index).toMatchObject({ product: 'twinbank', version: '1.0', build: '1.0-1' });
    expect(index.from).toBeUndefined();
    expect(entries.map(({ path }) => path)).toEqual([
      ...['base.json', 'base.sig', 'acme.json', 'acme.sig'],
      ...['modules/vmkernel', 'modules/boot.v00', 'modules/engine.v00', 'modules/acme.v00'],
      'packages/tool.deb',
    ]);
    expect(index.entries).toEqual(
      entries.map(({ path, bytes, sha256: hash }) => ({ path, bytes, sha256: hash })),
    );
    expect(rows.every(({ sent }) => sent)).toBe(true);
  });

  it('signs its index with the key', () => {
    const { indexBytes, signatureBytes } = plan([base], next);
    expect(assertSigned(indexBytes, signatureBytes, [next.public], 'x')).toEqual(ids(next));
    expect(signatureKeyIds(signatureBytes, 'x')).toEqual(ids(next));
  });

  it('leaves out what an older build has, by its contents', () => {
    const renamed = { ...baseModules[2]!, name: 'runtime', file: 'runtime.v00' };
    const same = sign(
      baseOf({ version: '2.0', modules: [...baseModules.slice(0, 2), renamed], packages: [tool] }),
    );
    const newer = sign(oemOf('acme', { version: '2.0' }));
    const older = olderBuildOf([base, oem]);
    const { index, rows, entries } = plan([same, newer], release, older);
    expect(index.from).toEqual({ build: '1.0-1', manifest: sha256(base.bytes) });
    expect(entries.slice(4).map(({ path }) => path)).toEqual(['modules/acme.v00']);
    expect(rows.map(({ name, sent }) => `${name} ${sent}`)).toEqual([
      ...['vmkernel false', 'boot false', 'runtime false', 'acme true', 'tool.deb false'],
    ]);
  });

  it('sends what has the name of an older one and other contents', () => {
    const other = moduleOf('engine');
    const { entries } = plan(
      [sign(baseOf({ modules: [...baseModules.slice(0, 2), other] }))],
      release,
      olderBuildOf([base]),
    );
    expect(entries.slice(2).map(({ path }) => path)).toEqual(['modules/engine.v00']);
  });
});

describe('signing manifests again', () => {
  it('adds the key to those of the base, and leaves those of OEMs alone', () => {
    const base = sign(baseOf({ trust: trust(next, acme) }), next);
    const found = plan([base, sign(oemOf('acme'), acme)], release);
    expect(signers(found, 'base.sig')).toEqual(ids(release, next));
    expect(signers(found, 'acme.sig')).toEqual(ids(acme));
  });

  it('makes the same signature where the key has signed it already', () => {
    const base = sign(baseOf());
    const content = plan([base]).entries.find(({ path }) => path === 'base.sig')!.content;
    expect(content).toEqual(base.signature);
  });

  it('replaces the signatures of the development key, which everybody has', () => {
    const base = sign(baseOf({ trust: trust(release, developmentKey) }), developmentKey);
    const oem = sign(oemOf('acme'), developmentKey);
    const found = plan([base, oem], release);
    expect(signers(found, 'base.sig')).toEqual(ids(release));
    expect(signers(found, 'acme.sig')).toEqual(ids(release));
    const { content } = found.entries.find(({ path }) => path === 'acme.sig')!;
    expect(assertSigned(oem.bytes, content as Uint8Array, [release.public], 'x')).toHaveLength(1);
  });

  it('keeps the others where the development key is one of several', () => {
    const of = baseOf({ trust: trust(release, next) });
    const found = plan([sign(of, developmentKey, next)], release);
    expect(signers(found, 'base.sig')).toEqual(expect.arrayContaining(ids(release, next)));
  });

  it.each([
    [true, trust(release, developmentKey)],
    [false, trust(release)],
  ])('tells by %s whether hosts trust the development key afterwards', (expected, trusted) => {
    expect(plan([sign(baseOf({ trust: trusted }))]).trustsDevelopmentKey).toBe(expected);
  });
});

describe('a bundle that no host could take', () => {
  const refused = (manifests: readonly KeptManifest[], key: SigningKey): TwinbankError => {
    const error = errorOf(() => plan(manifests, key));
    expect([error.kind, error.code]).toEqual(['refused', 'bundle.untrusted']);
    return error;
  };

  it('is one of a base that trusts the development key alone, signed with another', () => {
    const base = sign(baseOf({ trust: trust(developmentKey) }), developmentKey);
    expect(refused([base], release).message).toBe(
      `base.json: expected the signature of a key that build 1.0-1 trusts (${developmentKey.public.id}), found signatures of ${release.public.id}: no host could take it; build the image with this key, or with it in the recipe's trust`,
    );
    expect(plan([base], developmentKey).trustsDevelopmentKey).toBe(true);
  });

  it('is one with an OEM whose signer the base does not trust', () => {
    const oem = sign(oemOf('acme'), acme);
    expect(refused([sign(baseOf()), oem], release).message).toMatch(/^acme\.json: expected /);
  });

  it('is one with OEMs that require one another in a circle, all of which are named', () => {
    const needs = (name: string, need: string) => sign(oemOf(name, {}, { requires: [need] }));
    const circle = [needs('acme', 'cim'), needs('cim', 'zeta'), needs('zeta', 'acme')];
    expect(errorOf(() => plan([sign(baseOf()), ...circle]))).toMatchObject({
      ...{ kind: 'refused', code: 'bundle.oem-cycle' },
      message:
        'acme: expected OEMs that do not require one another in a circle, found acme -> cim -> zeta -> acme; take the requirement out of cim, or make one provider of them',
    });
    expect(plan([sign(baseOf()), ...circle.slice(1), sign(oemOf('acme'))]).rows).toHaveLength(6);
  });
});
