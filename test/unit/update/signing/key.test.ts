import { createHash, generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  developmentKey,
  isDevelopmentKey,
  privateKeyOfSeed,
  publicKeyOf,
  signingKeyOf,
  verifySignature,
} from '../../../../src/update/signing/key.ts';
import { errorOf } from '../../../support/error-of.ts';

/** RFC 8032 section 7.1, tests 1 to 3 and SHA(abc): secret key, public key, message, signature. */
const vectors = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
  [
    '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  ],
] as const;

const hex = (text: string) => Buffer.from(text, 'hex');

it.each(vectors)('signs as RFC 8032 has it (secret key %s)', (seed, raw, message, signature) => {
  const key = signingKeyOf(privateKeyOfSeed(hex(seed)));
  expect(key.public.raw).toBe(raw);
  expect(Buffer.from(key.sign(hex(message))).toString('hex')).toBe(signature);
});

it.each(vectors)('verifies what RFC 8032 signed (secret key %s)', (_seed, raw, message, signed) => {
  expect(verifySignature(publicKeyOf(raw), hex(message), hex(signed))).toBe(true);
});

it('no signature with one bit changed is taken', () => {
  const [, raw, message, signed] = vectors[2];
  for (let bit = 0; bit < 512; bit += 1) {
    const changed = hex(signed);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(verifySignature(publicKeyOf(raw), hex(message), changed), `bit ${bit}`).toBe(false);
  }
});

it('a signature is not taken for other bytes, by another key, or at another length', () => {
  const [, raw, message, signed] = vectors[2];
  const key = publicKeyOf(raw);
  expect(verifySignature(key, hex('af83'), hex(signed))).toBe(false);
  expect(verifySignature(publicKeyOf(vectors[1][1]), hex(message), hex(signed))).toBe(false);
  expect(verifySignature(key, hex(message), hex(signed).subarray(0, 63))).toBe(false);
  expect(verifySignature(key, hex(message), hex(`${signed}00`))).toBe(false);
  expect(verifySignature(key, hex(message), new Uint8Array())).toBe(false);
});

it('a signature whose S is beyond the order of the group is not taken', () => {
  // RFC 8032 section 5.1.7: S must be below L, or each signature would have a second form.
  const [, raw, message, signed] = vectors[2];
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const little = hex(signed).subarray(32).reverse().toString('hex');
  const beyond = (BigInt(`0x${little}`) + order).toString(16).padStart(64, '0');
  const forged = Buffer.concat([hex(signed).subarray(0, 32), hex(beyond).reverse()]);
  expect(verifySignature(publicKeyOf(raw), hex(message), forged)).toBe(false);
});

it('a key id is the start of the SHA-256 of the raw key, from digits as from bytes', () => {
  const raw = vectors[0][1];
  const key = publicKeyOf(hex(raw));
  expect(key).toEqual(publicKeyOf(raw));
  expect(key.id).toBe(createHash('sha256').update(hex(raw)).digest('hex').slice(0, 16));
  // printf d75a98... | xxd -r -p | sha256sum
  expect(key.id).toBe('21fe31dfa154a261');
});

it.each([
  ['too few digits', 'd75a98'],
  ['capital digits', vectors[0][1].toUpperCase()],
  ['a line end', `${vectors[0][1]}\n`],
  ['no digits', 'z'.repeat(64)],
  ['31 bytes', new Uint8Array(31)],
  ['33 bytes', new Uint8Array(33)],
])('a public key with %s is refused', (_what, raw) => {
  expect(errorOf(() => publicKeyOf(raw))).toMatchObject({ kind: 'corrupt', code: 'key.form' });
});

it.each([
  ['an elliptic curve key', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
  ['an Ed448 key', () => generateKeyPairSync('ed448').privateKey],
  ['the public half', () => generateKeyPairSync('ed25519').publicKey],
])('%s does not sign', (_what, make) => {
  expect(errorOf(() => signingKeyOf(make()))).toMatchObject({
    kind: 'corrupt',
    code: 'key.algorithm',
  });
});

it('the development key is the same everywhere and for ever', () => {
  expect(developmentKey.public).toMatchInlineSnapshot(`
    {
      "id": "612022ee41a907cd",
      "raw": "1b947c55813243475bdc257f35f7a366decf0ea4c7c129c9caee12a13537208c",
    }
  `);
  expect(isDevelopmentKey(developmentKey.public.id)).toBe(true);
  expect(isDevelopmentKey(publicKeyOf(vectors[0][1]).id)).toBe(false);
  const bytes = Buffer.from('what it signed');
  expect(verifySignature(developmentKey.public, bytes, developmentKey.sign(bytes))).toBe(true);
});
