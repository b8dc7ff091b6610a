import { describe, expect, it } from 'vitest';
import {
  encodeManifest,
  readManifest,
  readSignedManifest,
} from '../../../../src/update/signing/signed-manifest.ts';
import { errorOf } from '../../../support/error-of.ts';
import { baseOf, keys, oemOf, publicOf, sign, trust } from '../manifests.ts';

const refusal = (read: () => unknown): string => {
  const { kind, code, message } = errorOf(read);
  expect(kind).toBe('corrupt');
  return `${code}: ${message}`;
};

describe('the bytes of a manifest', () => {
  it.each([
    ['a base', baseOf({ trust: trust(keys.release, keys.next) })],
    ['an OEM', oemOf('acme')],
  ])('say all of %s, in one form', (_what, manifest) => {
    const bytes = encodeManifest(manifest);
    expect(readManifest(bytes, 'x.json')).toEqual(manifest);
    expect(Buffer.from(bytes).toString()).not.toMatch(/[\n\t]|": /);
    expect(JSON.parse(Buffer.from(bytes).toString())).toMatchObject({
      schemaVersion: 1,
      type: 'manifest',
      origin: manifest.origin,
    });
  });

  it('in any other form are refused', () => {
    const bytes = encodeManifest(baseOf());
    const text = Buffer.from(bytes).toString();
    const read = (other: string) => refusal(() => readManifest(Buffer.from(other), 'base.json'));
    expect(read(`${text}\n`)).toMatch(/^json\.form: base\.json: /);
    expect(read(text.replace('"base"', '"b\\u0061se"'))).toMatch(/^json\.form: /);
    expect(read(text.slice(0, -1))).toMatch(/^json\.syntax: base\.json: /);
    expect(read(text.replace('"quiet"', '1.5'))).toMatch(/^json\.number: base\.json: /);
    expect(read(text.replace('"quiet"', '15'))).toBe(
      'manifest.form: base.json: kernelOptions[0]: expected a text of at most 1024 characters',
    );
  });

  it('name no key by the id of another', () => {
    const [release, next] = trust(keys.release, keys.next);
    const swapped = baseOf({ trust: [release!, { ...next!, keyId: release!.keyId }] });
    expect(refusal(() => readManifest(encodeManifest(swapped), 'base.json'))).toBe(
      `manifest.form: base.json: trust[1].keyId: expected ${next!.keyId} of its publicKey, found ${release!.keyId}`,
    );
  });
});

describe('a signed manifest', () => {
  const manifest = baseOf();
  const signed = sign(manifest, keys.release, keys.next);

  it('is read with the ids of the trusted keys that have signed it', () => {
    const { bytes, signature } = signed;
    const trusted = publicOf(keys.next, keys.stranger);
    expect(readSignedManifest(bytes, signature, trusted, 'base.json')).toEqual({
      ...{ manifest, bytes, signature },
      keyIds: [keys.next.public.id],
    });
  });

  it('is not looked into before its signature is right', () => {
    const bytes = Buffer.from('no manifest');
    const read = () =>
      readSignedManifest(bytes, signed.signature, publicOf(keys.release), 'x.json');
    expect(refusal(read)).toMatch(/^signature\.wrong: x\.json: /);
  });
});
