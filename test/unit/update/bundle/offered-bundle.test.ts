import { describe, expect, it } from 'vitest';
import { readOffer } from '../../../../src/update/bundle/offered-bundle.ts';
import { olderBuildOf } from '../../../../src/update/bundle/older-build.ts';
import { verifyBundle } from '../../../../src/update/bundle/verify-bundle.ts';
import type { PublicKey } from '../../../../src/update/signing/key.ts';
import type { SignedManifest } from '../../../../src/update/signing/signed-manifest.ts';
import { memorySource } from '../../../../src/update/source/byte-source.ts';
import { baseModules, baseOf, fileOf, keys, oemOf, publicOf, sign, trust } from '../manifests.ts';
import { bundleOf, filesOf, packed } from './signed-bundle.ts';
import { refusal } from './small-bundle.ts';

const { release, next, acme, stranger } = keys;
const tool = { name: 'tool_1_amd64.deb', ...fileOf(3000) };
const base = sign(baseOf({ packages: [tool] }));
const oem = sign(oemOf('acme'));
const offer = (bytes: Buffer, ...trusted: readonly PublicKey[]) =>
  readOffer(memorySource('x.tbu', bytes), trusted.length > 0 ? trusted : publicOf(release));
const verify = (bytes: Buffer, ...trusted: readonly PublicKey[]) =>
  verifyBundle(memorySource('x.tbu', bytes), trusted.length > 0 ? trusted : publicOf(release));
const message = async (bytes: Buffer, ...trusted: readonly PublicKey[]): Promise<string> => {
  const { code, message: text } = await refusal(offer(bytes, ...trusted));
  return `${code}: ${text}`;
};

describe('a bundle on offer', () => {
  it('has verified its index and its manifests, and nothing of its modules is read yet', async () => {
    const { name, index, manifests, keyIds, reader } = await offer(await bundleOf([base, oem]));
    expect(name).toBe('x.tbu');
    expect(index).toMatchObject({ product: 'twinbank', version: '1.0', build: '1.0-1' });
    expect(manifests.map(({ manifest }) => manifest)).toEqual([base.manifest, oem.manifest]);
    expect(keyIds).toEqual([release.public.id]);
    expect((await reader.next())?.path).toBe('modules/vmkernel');
  });

  it('may lack what an older build has, and says which', async () => {
    const from = olderBuildOf([sign(baseOf({ modules: baseModules.slice(0, 2) }))]);
    const { index } = await offer(await bundleOf([base], { from }));
    expect(index.from).toEqual({ build: '1.0-1', manifest: from.manifest });
    expect(index.entries.map(({ path }) => path)).toEqual([
      ...['base.json', 'base.sig', 'modules/engine.v00', 'packages/tool_1_amd64.deb'],
    ]);
  });

  it('is signed by a key that the host trusts, all else by those that the new base trusts', async () => {
    const both = baseOf({ trust: trust(next, acme) });
    const [rotated, theirs] = [sign(both, release, next), sign(oemOf('acme'), acme)];
    const { manifests } = await offer(await bundleOf([rotated, theirs], { key: release }));
    expect(manifests.map(({ keyIds }) => keyIds)).toEqual([[next.public.id], [acme.public.id]]);
  });
});

describe('from an old key to a new one', () => {
  it('a host goes by a base that trusts both, and then by one that trusts the new one alone', async () => {
    const first = await bundleOf([sign(baseOf({ trust: trust(release, next) }), release)]);
    expect((await offer(first, release.public)).keyIds).toEqual([release.public.id]);
    const second = await bundleOf([sign(baseOf({ trust: trust(next) }), next)], { key: next });
    const trusted = publicOf(release, next);
    expect((await offer(second, ...trusted)).keyIds).toEqual([next.public.id]);
    // Who was left out in between does not take it.
    expect(await message(second, release.public)).toContain(
      'signature.untrusted: x.tbu: bundle.json',
    );
  });

  it('it goes at once by a base that both have signed', async () => {
    const base2 = sign(baseOf({ trust: trust(next) }), next);
    const bundle = await bundleOf([base2], { key: release });
    expect((await offer(bundle, release.public)).manifests[0]?.keyIds).toEqual([next.public.id]);
  });
});

describe('a bundle is refused', () => {
  it('with an index of a stranger, before a manifest is looked into', async () => {
    const files = { 'base.json': Buffer.from('no manifest'), 'base.sig': Buffer.from('') };
    expect(await message(await packed(files, {}, [stranger]))).toBe(
      `signature.untrusted: x.tbu: bundle.json: expected the signature of a trusted key (${release.public.id}), found signatures of ${stranger.public.id}`,
    );
  });

  it('with a base that only a stranger has signed', async () => {
    const bundle = await packed(filesOf([sign(baseOf(), stranger)]));
    expect(await message(bundle)).toMatch(
      /^signature\.untrusted: x\.tbu: base\.json: expected the signature of a trusted key/,
    );
  });

  it('with a base that does not trust those who signed it: the host would not go on', async () => {
    const bundle = await packed(filesOf([sign(baseOf({ trust: trust(next) }))]));
    expect(await message(bundle)).toBe(
      `signature.untrusted: x.tbu: base.json, by the keys that it trusts itself: expected the signature of a trusted key (${next.public.id}), found signatures of ${release.public.id}`,
    );
  });

  it('with an OEM whose signer the new base does not trust, whoever the host trusts', async () => {
    const bundle = await packed(filesOf([base, sign(oemOf('acme'), acme)]));
    expect(await message(bundle, ...publicOf(release, acme))).toBe(
      `signature.untrusted: x.tbu: acme.json: expected the signature of a trusted key (${release.public.id}), found signatures of ${acme.public.id}`,
    );
  });

  it('with a manifest that was changed since it was signed', async () => {
    const other = sign(baseOf({ securityVersion: 9, packages: [tool] }));
    const files = { ...filesOf([base]), 'base.json': other.bytes };
    expect(await message(await packed(files))).toBe(
      `signature.wrong: x.tbu: base.json: expected it to match the signature of key ${release.public.id}, found other content`,
    );
  });

  it.each<[string, Record<string, Uint8Array>, string]>([
    [
      'with an OEM in a file of another name',
      rename(filesOf([base, oem]), 'acme', 'zeta'),
      'x.tbu: bundle.json: expected acme.json for the manifest of acme, found zeta.json',
    ],
    [
      'with a base in the file of an OEM',
      rename(filesOf([base, oem]), 'acme', 'zeta', base),
      'x.tbu: bundle.json: expected base.json for the manifest of base, found zeta.json',
    ],
    [
      'with an OEM in the place of the base',
      rename(filesOf([base]), 'base', 'base', oem),
      'x.tbu: base.json, by the keys that it trusts itself: ',
    ],
    [
      'that has no module that a full one has',
      without(filesOf([base]), 'modules/engine.v00'),
      'x.tbu: bundle.json: expected modules/engine.v00, as it is a full bundle, found none',
    ],
    [
      'that has no package that a full one has',
      without(filesOf([base]), `packages/${tool.name}`),
      'x.tbu: bundle.json: expected packages/tool_1_amd64.deb, as it is a full bundle, found none',
    ],
    [
      'with a module that no manifest lists',
      {
        ...without(filesOf([base]), `packages/${tool.name}`),
        'modules/more.v00': Buffer.from('x'),
      },
      'x.tbu: bundle.json: expected modules/more.v00 to be what a manifest lists, found no such',
    ],
    [
      'with other contents of a module',
      { ...filesOf([base]), 'modules/engine.v00': Buffer.from('x') },
      'x.tbu: bundle.json: expected modules/engine.v00 to be what a manifest lists, found another',
    ],
  ])('%s', async (_what, files, text) => {
    const { message: found } = await refusal(offer(await packed(files)));
    expect(found).toContain(text);
  });

  it.each([
    ['product', 'otherbox', 'twinbank'],
    ['version', '1.1', '1.0'],
    ['build', '1.0-2', '1.0-1'],
  ])('whose index tells another %s', async (key, told, expected) => {
    expect(await message(await packed(filesOf([base]), { [key]: told }))).toBe(
      `bundle.manifests: x.tbu: bundle.json: expected the ${key} of base.json, ${expected}, found ${told}`,
    );
  });
});

describe('verifying a bundle', () => {
  it('reads it to its end', async () => {
    const bytes = await bundleOf([base, oem]);
    let read = 0;
    const source = memorySource('x.tbu', bytes);
    const verified = await verifyBundle(source, publicOf(release), (count) => (read += count));
    const modules = [...base.manifest.modules, ...oem.manifest.modules, tool];
    expect(read).toBe(modules.reduce((sum, one) => sum + one.bytes, 0));
    expect(verified).toMatchObject({ keyIds: [release.public.id] });
    expect(await source.read(1)).toBeUndefined();
  });

  it('finds a bit in its last content', async () => {
    const bytes = await bundleOf([base]);
    bytes[bytes.length - 1024 - 600]! ^= 1;
    const { code, message: text } = await refusal(verify(bytes));
    expect(`${code}: ${text}`).toMatch(/^bundle\.hash: x\.tbu: packages\/tool_1_amd64\.deb: /);
  });

  it.each<[string, readonly SignedManifest[], string]>([
    [
      'requires what it does not bring',
      [base, sign(oemOf('acme', {}, { requires: ['twinbank >= 2'] }))],
      'x.tbu: acme of acme requires twinbank >= 2, found twinbank 1.0; bring one that fits, or leave acme out',
    ],
    [
      'brings a path twice',
      [base, sign(oemOf('acme', {}, { files: ['bin/node'] }))],
      'x.tbu: /bin/node: expected one module to bring it, found engine of base and acme of acme; ',
    ],
    [
      'has a title that boot.cfg cannot hold',
      [sign(baseOf({ title: '"' }))],
      'x.tbu: boot.cfg title: ',
    ],
    ['has no kernel', [sign(baseOf({ modules: [] }))], 'x.tbu: manifests: expected the base first'],
  ])('refuses one that %s, as no host takes it', async (_what, manifests, text) => {
    const { code, message: found } = await refusal(verify(await bundleOf(manifests)));
    expect(code).toBe('bundle.manifests');
    expect(found).toContain(text);
  });
});

/** The files of a bundle with an origin's manifest under another name, or another one under its name. */
function rename(
  files: Record<string, Uint8Array>,
  from: string,
  to: string,
  other?: SignedManifest,
): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.entries(files).map(([path, bytes]) => {
      if (path === `${from}.json`) return [`${to}.json`, other?.bytes ?? bytes];
      if (path === `${from}.sig`) return [`${to}.sig`, other?.signature ?? bytes];
      return [path, bytes];
    }),
  );
}

function without(files: Record<string, Uint8Array>, path: string): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(files).filter(([one]) => one !== path));
}
