import { describe, expect, it } from 'vitest';
import type { BankManifest, ManifestModule } from '../../../../src/bootloader/bank-manifest.ts';
import { carryOver } from '../../../../src/update/manifest/carry-over.ts';
import { errorOf } from '../../../support/error-of.ts';
import { baseModules, baseOf, moduleOf, oemOf, sign } from '../manifests.ts';

const oem = (origin: string, version = '1.0', module: Partial<ManifestModule> = {}) =>
  oemOf(origin, { version }, module);
const decide = (running: readonly BankManifest[], bundle: readonly BankManifest[]) => {
  const signed = (list: readonly BankManifest[]) => list.map((one) => sign(one));
  const { manifests, decisions } = carryOver(signed(running), signed(bundle));
  return {
    bank: manifests.map(({ manifest: { origin, version } }) => `${origin} ${version}`),
    decisions: decisions.map(
      ({ origin, action, version, why }) => `${origin} ${version} ${action}: ${why}`,
    ),
  };
};
const [v1, v2] = [baseOf(), baseOf({ version: '2.0' })];

describe('the OEMs of an updated bank', () => {
  it('are those of the running bank, by themselves', () => {
    expect(decide([v1, oem('acme')], [v2])).toEqual({
      bank: ['base 2.0', 'acme 1.0'],
      decisions: ['acme 1.0 carried: the bundle has none of this origin'],
    });
  });

  it('are brought by the bundle where it has newer ones', () => {
    expect(decide([v1, oem('acme', '1.9')], [v2, oem('acme', '1.10')])).toEqual({
      bank: ['base 2.0', 'acme 1.10'],
      decisions: ['acme 1.10 brought: newer than 1.9'],
    });
  });

  it('are brought by the bundle in the same version, too, whose modules may be others', () => {
    expect(decide([v1, oem('acme')], [v2, oem('acme')])).toEqual({
      bank: ['base 2.0', 'acme 1.0'],
      decisions: ['acme 1.0 brought: the same version'],
    });
  });

  it('stay where the bundle has older ones', () => {
    expect(decide([v1, oem('acme', '1.10')], [v2, oem('acme', '1.9')])).toEqual({
      bank: ['base 2.0', 'acme 1.10'],
      decisions: ['acme 1.10 carried: newer than 1.9 of the bundle'],
    });
  });

  it('are also those that only the bundle has', () => {
    expect(decide([v1], [v2, oem('acme')])).toEqual({
      bank: ['base 2.0', 'acme 1.0'],
      decisions: ['acme 1.0 brought: new on this host'],
    });
  });

  it('keep their order, and new ones come after them in that of the bundle', () => {
    const running = [v1, oem('beta'), oem('acme')];
    const bundle = [v2, oem('zeta'), oem('acme', '2.0'), oem('eta'), oem('beta', '0.1')];
    expect(decide(running, bundle).bank).toEqual([
      'base 2.0',
      'beta 1.0',
      'acme 2.0',
      'zeta 1.0',
      'eta 1.0',
    ]);
  });

  it.each([
    [
      'the base',
      [baseOf({ version: '2.0', modules: [...baseModules, replacer('cim')] })],
      'cim of base',
    ],
    ['another OEM', [v2, oem('zeta', '1.0', { replaces: ['acme'] })], 'zeta of zeta'],
    ['one of its version', [v2, oem('zeta', '1.0', { replaces: ['acme <= 1.0'] })], 'zeta of zeta'],
  ])('go where %s of the bundle replaces all they have', (_what, bundle, by) => {
    const { bank, decisions } = decide([v1, oem('acme')], bundle);
    expect(bank.some((one) => one.startsWith('acme'))).toBe(false);
    expect(decisions[0]).toBe(`acme 1.0 dropped: ${by} replaces it`);
  });

  it('stay where another version is replaced, or their own next one replaces them', () => {
    const zeta = oem('zeta', '1.0', { replaces: ['acme < 1.0'] });
    expect(decide([v1, oem('acme')], [v2, zeta]).bank).toContain('acme 1.0');
    const next = oem('acme', '0.9', { replaces: ['acme'] });
    expect(decide([v1, oem('acme')], [v2, next]).bank).toEqual(['base 2.0', 'acme 1.0']);
  });

  it('are never half replaced: that is refused with all that is and is not', () => {
    const modules = ['acme', 'acmecim', 'acmelog'].map((name) => moduleOf(name, { kind: 'oem' }));
    const running = [v1, oemOf('acme', { modules })];
    const error = errorOf(() => decide(running, [v2, oem('zeta', '1.0', { replaces: ['acme'] })]));
    expect(error).toMatchObject({ kind: 'refused', code: 'update.replaces-part' });
    expect(error.message).toBe(
      'acme: expected all of its modules to be replaced or none, found zeta of zeta to replace acme and not acmecim, acmelog',
    );
    const all = ['acme', 'acmecim', 'acmelog'].map((name) =>
      moduleOf(`z${name}`, { replaces: [name] }),
    );
    expect(decide(running, [v2, oemOf('zeta', { modules: all })]).bank).toEqual([
      'base 2.0',
      'zeta 1.0',
    ]);
  });

  it('are brought where the bundle has a newer one, whatever else replaces of the old one', () => {
    const modules = ['acme', 'acmecim'].map((name) => moduleOf(name, { kind: 'oem' }));
    const zeta = oem('zeta', '1.0', { replaces: ['acme < 2.0'] });
    const { bank } = decide([v1, oemOf('acme', { modules })], [v2, oem('acme', '2.0'), zeta]);
    expect(bank).toEqual(['base 2.0', 'acme 2.0', 'zeta 1.0']);
  });

  it('are not replaced by an OEM of which the host has a newer one that does not', () => {
    const zeta = oem('zeta', '0.5', { replaces: ['acme'] });
    expect(decide([v1, oem('acme'), oem('zeta')], [v2, zeta]).bank).toEqual([
      'base 2.0',
      'acme 1.0',
      'zeta 1.0',
    ]);
  });

  it('do not keep the base, which may be older: whether it may is decided elsewhere', () => {
    expect(decide([v2, oem('acme')], [v1]).bank).toEqual(['base 1.0', 'acme 1.0']);
  });
});

function replacer(name: string): ManifestModule {
  return moduleOf(name, { replaces: ['acme'] });
}
