import { describe, expect, it } from 'vitest';
import { type PublicKey, verifySignature } from '../../../../src/update/signing/key.ts';
import {
  addSignature,
  assertSigned,
  signatureKeyIds,
  signBytes,
} from '../../../../src/update/signing/signature.ts';
import { errorOf } from '../../../support/error-of.ts';
import { keyOf, keys, publicOf } from '../manifests.ts';

const bytes = Buffer.from('what is signed');
const { release, next, stranger } = keys;
const ids = (...of: readonly { public: PublicKey }[]): string[] =>
  of.map((key) => key.public.id).sort();
const refusal = (
  signature: Uint8Array,
  trusted: readonly PublicKey[],
  signed: Uint8Array = bytes,
): string => {
  const { kind, code, message } = errorOf(() => assertSigned(signed, signature, trusted, 'x.json'));
  expect(kind).toBe('corrupt');
  return `${code}: ${message}`;
};
const text = (signature: Uint8Array): string => Buffer.from(signature).toString();

describe('a signature', () => {
  it('is canonical JSON with one entry a key, in the order of their ids', () => {
    const signature = signBytes(bytes, [release, next, stranger]);
    const document = JSON.parse(text(signature));
    expect(text(signature)).toBe(JSON.stringify(document));
    expect(Object.keys(document)).toEqual(['schemaVersion', 'signatures', 'type']);
    expect(document).toMatchObject({ schemaVersion: 1, type: 'signature' });
    const found = document.signatures.map(({ keyId }: { keyId: string }) => keyId);
    expect(found).toEqual(ids(release, next, stranger));
    expect(signatureKeyIds(signature, 'x.json')).toEqual(found);
    for (const { keyId, signature: hex } of document.signatures) {
      const key = [release, next, stranger].find((one) => one.public.id === keyId)!;
      expect(verifySignature(key.public, bytes, Buffer.from(hex, 'hex'))).toBe(true);
    }
  });

  it('is the same for the same keys in any order', () => {
    expect(signBytes(bytes, [next, release])).toEqual(signBytes(bytes, [release, next]));
  });

  it('gets another key beside those that are there, and once', () => {
    const both = addSignature(signBytes(bytes, [release]), bytes, next);
    expect(both).toEqual(signBytes(bytes, [release, next]));
    expect(addSignature(both, bytes, next)).toEqual(both);
    const wrong = signBytes(Buffer.from('other'), [release]);
    expect(addSignature(wrong, bytes, release)).toEqual(signBytes(bytes, [release]));
  });

  it('gets no more keys than a reader takes', () => {
    const sixteen = Array.from({ length: 16 }, (_, index) => keyOf(index + 10));
    const full = signBytes(bytes, sixteen);
    expect(signatureKeyIds(full, 'x.json')).toHaveLength(16);
    expect(addSignature(full, bytes, sixteen[0]!)).toEqual(full);
    const { kind, code, message } = errorOf(() => addSignature(full, bytes, stranger));
    expect([kind, code]).toEqual(['refused', 'signature.too-many']);
    expect(message).toBe('signature: expected at most 16 keys that sign, found 17');
  });
});

describe('what is signed', () => {
  it('is accepted by any trusted key, and those that have signed are named', () => {
    const signature = signBytes(bytes, [release, next]);
    const by = (...trusted: PublicKey[]) =>
      assertSigned(bytes, signature, trusted, 'x.json').sort();
    expect(by(release.public)).toEqual(ids(release));
    expect(by(stranger.public, next.public)).toEqual(ids(next));
    expect(by(release.public, next.public)).toEqual(ids(release, next));
  });

  it('is refused without a trusted key, with the ids of both sides', () => {
    const signature = signBytes(bytes, [release, next]);
    expect(refusal(signature, publicOf(stranger))).toBe(
      `signature.untrusted: x.json: expected the signature of a trusted key (${stranger.public.id}), found signatures of ${ids(release, next).join(', ')}`,
    );
    expect(refusal(signBytes(bytes, []), [])).toBe(
      'signature.untrusted: x.json: expected the signature of a trusted key (none), found signatures of none',
    );
  });

  it('is refused where a trusted key has signed other bytes, whoever else has signed it', () => {
    const one = signBytes(Buffer.from('other'), [release]);
    expect(refusal(one, publicOf(release))).toBe(
      `signature.wrong: x.json: expected it to match the signature of key ${release.public.id}, found other content`,
    );
    const both = addSignature(one, bytes, next);
    expect(refusal(both, publicOf(release, next))).toContain('signature.wrong');
    expect(assertSigned(bytes, both, publicOf(next), 'x.json')).toEqual(ids(next));
  });

  it('is refused where one bit of it is another', () => {
    const signature = signBytes(bytes, [release]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(refusal(signature, publicOf(release), flipped)).toContain('signature.wrong');
    }
  });

  it('is not made right by a stranger who takes the id of a trusted key', () => {
    const { signature } = JSON.parse(text(signBytes(bytes, [stranger]))).signatures[0];
    const forged = document([{ keyId: release.public.id, signature }]);
    expect(refusal(forged, publicOf(release))).toContain('signature.wrong');
  });
});

const right = JSON.parse(text(signBytes(bytes, [release]))).signatures[0];

function document(signatures: unknown, more: object = {}): Uint8Array {
  return Buffer.from(JSON.stringify({ schemaVersion: 1, signatures, type: 'signature', ...more }));
}

describe('a signature in another form', () => {
  it.each<[string, Uint8Array, string]>([
    ['of nothing', Buffer.from(''), 'json.syntax: signature of x.json: '],
    ['of another document', Buffer.from('{"schemaVersion":1,"type":"manifest"}'), 'form'],
    [
      'of another version',
      Buffer.from('{"schemaVersion":2,"signatures":[],"type":"signature"}'),
      'form',
    ],
    [
      'with more members',
      Buffer.from('{"more":1,"schemaVersion":1,"signatures":[],"type":"signature"}'),
      'form',
    ],
    ['with a line end', Buffer.from(`${text(document([right]))}\n`), 'json.form'],
    [
      'with blanks',
      Buffer.from(JSON.stringify(JSON.parse(text(document([right]))), null, 1)),
      'json.form',
    ],
    [
      'with members in another order',
      Buffer.from('{"type":"signature","schemaVersion":1,"signatures":[]}'),
      'json.form',
    ],
    ['without a list', document({}), 'form'],
    ['of 17 keys', document(Array(17).fill(right)), 'form'],
    ['with a key twice', document([right, right]), 'one signature a key'],
    [
      'out of order',
      document([right, { ...right, keyId: '0'.repeat(16) }]),
      'in the order of key ids',
    ],
    [
      'with upper-case digits',
      document([{ ...right, signature: right.signature.toUpperCase() }]),
      '16 and 128 hexadecimal digits',
    ],
    ['with a short id', document([{ ...right, keyId: 'abc' }]), '16 and 128 hexadecimal digits'],
    [
      'with a long signature',
      document([{ ...right, signature: `${right.signature}00` }]),
      '16 and 128',
    ],
    ['with an id that is no text', document([{ ...right, keyId: 5 }]), '16 and 128'],
    [
      'with more in an entry',
      document([{ keyId: right.keyId, more: 1, signature: right.signature }]),
      '"keyId" and "signature"',
    ],
    ['with no entry', document([null]), '"keyId" and "signature"'],
  ])('%s is refused', (_what, signature, expected) => {
    const found = refusal(signature, publicOf(release));
    expect(found).toMatch(
      /^(signature\.form|json\.(syntax|form)): signature of x\.json: expected /,
    );
    expect(found).toContain(expected);
  });
});
