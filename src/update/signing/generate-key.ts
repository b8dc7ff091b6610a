import { createPublicKey } from 'node:crypto';
import { encryptPrivateKey } from './encrypted-key.ts';
import { type PublicKey, privateKeyOfSeed, signingKeyOf } from './key.ts';

export interface KeyPair {
  readonly public: PublicKey;
  /** PKCS#8 PEM, encrypted where there is a passphrase. */
  readonly privatePem: string;
  /** SubjectPublicKeyInfo PEM. */
  readonly publicPem: string;
}

/** A new key; `random` gives so many bytes that nobody can guess. Without a passphrase it lies there open. */
export function generateKey(
  random: (bytes: number) => Uint8Array,
  passphrase: string | undefined,
): KeyPair {
  const key = privateKeyOfSeed(random(32));
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const privatePem =
    passphrase === undefined
      ? pemOf('PRIVATE KEY', pkcs8)
      : pemOf(
          'ENCRYPTED PRIVATE KEY',
          encryptPrivateKey(pkcs8, passphrase, { salt: random(16), iv: random(16) }),
        );
  return { public: signingKeyOf(key).public, privatePem, publicPem: pemOf('PUBLIC KEY', spki) };
}

function pemOf(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
