import { describe, expect, it } from 'vitest';
import { inspectBundle } from '../../../../src/update/bundle/inspect-bundle.ts';
import { developmentKey, type SigningKey } from '../../../../src/update/signing/key.ts';
import { signBytes, signersOf } from '../../../../src/update/signing/signature.ts';
import { memorySource } from '../../../../src/update/source/byte-source.ts';
import { baseOf, keys, oemOf, publicOf, sign, trust } from '../manifests.ts';
import { bundleOf, filesOf, packed } from './signed-bundle.ts';
import { refusal } from './small-bundle.ts';

const { release, next, acme, stranger } = keys;
const ids = (...of: readonly SigningKey[]): string[] => of.map((key) => key.public.id);
const none = { right: [], wrong: [], unknown: [] };
const inspect = (bytes: Buffer) => inspectBundle(memorySource('x.tbu', bytes));

describe('who signed something', () => {
  const bytes = Buffer.from('signed');

  it('are keys that are known and right, known and wrong, and not known', () => {
    const signature = JSON.parse(Buffer.from(signBytes(bytes, [release, next, acme])).toString());
    const [wrongId] = ids(next);
    const other = JSON.parse(Buffer.from(signBytes(Buffer.from('other'), [next])).toString());
    const signatures = signature.signatures.map((one: { keyId: string }) =>
      one.keyId === wrongId ? other.signatures[0] : one,
    );
    const mixed = Buffer.from(JSON.stringify({ ...signature, signatures }));
    expect(signersOf(bytes, mixed, publicOf(release, next, stranger))).toEqual({
      ...{ right: ids(release), wrong: ids(next), unknown: ids(acme) },
    });
  });

  it.each(['', '{}', 'null', '{"schemaVersion":1,"signatures":[null],"type":"signature"}'])(
    'is nobody by %j',
    (text) => {
      expect(signersOf(bytes, Buffer.from(text), publicOf(release))).toEqual(none);
    },
  );
});

describe('a bundle that is looked at', () => {
  it('tells who signed it by the keys that it names, and reads all of it', async () => {
    const manifests = [sign(baseOf({ trust: trust(release, acme) })), sign(oemOf('acme'), acme)];
    let read = 0;
    const source = memorySource('x.tbu', await bundleOf(manifests));
    const found = await inspectBundle(source, (bytes) => (read += bytes));
    expect(found.problem).toBeUndefined();
    expect(found.signers).toEqual({ ...none, right: ids(release) });
    expect(
      found.manifests.map(({ manifest, signers }) => [manifest.origin, signers.right]),
    ).toEqual([
      ['base', ids(release)],
      ['acme', ids(acme)],
    ]);
    const modules = manifests.flatMap(({ manifest }) => manifest.modules);
    expect(read).toBe(modules.reduce((sum, one) => sum + one.bytes, 0));
  });

  it('may be signed by a key that takes its leave', async () => {
    const base = sign(baseOf({ trust: trust(next) }), next);
    const found = await inspect(await bundleOf([base], { key: release }));
    expect(found.problem).toBeUndefined();
    expect(found.signers).toEqual({ ...none, unknown: ids(release) });
    expect(found.manifests[0]?.signers).toEqual({
      ...none,
      right: ids(next),
      unknown: ids(release),
    });
  });

  it('is known to be signed with the development key, also where it does not trust it', async () => {
    const base = sign(baseOf());
    const found = await inspect(await packed(filesOf([base]), {}, [developmentKey]));
    expect(found.signers.right).toEqual(ids(developmentKey));
    expect(found.problem).toBeUndefined();
  });

  it.each<[string, () => Promise<Buffer>, string]>([
    ['nobody signed', () => packed(filesOf([sign(baseOf())]), {}, []), 'signature.untrusted'],
    [
      'its own keys did not sign',
      () => packed(filesOf([sign(baseOf({ trust: trust(next) }))])),
      'signature.untrusted',
    ],
    [
      'has an OEM that its base does not trust',
      () => packed(filesOf([sign(baseOf()), sign(oemOf('acme'), stranger)])),
      'signature.untrusted',
    ],
    [
      'tells another story',
      () => packed(filesOf([sign(baseOf())]), { build: '9-9' }),
      'bundle.manifests',
    ],
    [
      'fits into no bank',
      () => bundleOf([sign(baseOf()), sign(oemOf('acme', {}, { requires: ['cim'] }))]),
      'bundle.manifests',
    ],
    [
      'is damaged behind its manifests',
      async () => {
        const bytes = await bundleOf([sign(baseOf())]);
        bytes[bytes.length - 2000]! ^= 1;
        return bytes;
      },
      'bundle.hash',
    ],
  ])('is shown with a problem where it %s', async (_what, bundle, code) => {
    const found = await inspect(await bundle());
    expect(found.problem).toMatchObject({ kind: 'corrupt', code });
    expect(found.problem?.message).toMatch(/^x\.tbu: /);
    expect(found.manifests[0]?.manifest.build).toBe('1.0-1');
  });

  it('is refused where there is nothing to show', async () => {
    const bytes = await bundleOf([sign(baseOf())]);
    expect((await refusal(inspect(bytes.subarray(0, 3000)))).code).toBe('bundle.truncated');
    const files = { ...filesOf([sign(baseOf())]), 'base.json': Buffer.from('{}') };
    expect((await refusal(inspect(await packed(files)))).message).toContain('x.tbu: base.json: ');
  });
});
