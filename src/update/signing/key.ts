import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { TwinbankError } from '../../diagnostics/error.ts';

/** An Ed25519 public key (RFC 8032), as manifests carry it. */
export interface PublicKey {
  /** The first 16 hexadecimal digits of the SHA-256 of the raw key. */
  readonly id: string;
  /** The raw key: 32 bytes as 64 lower-case hexadecimal digits. */
  readonly raw: string;
}

/** A key that can sign; what makes it able to stays inside. */
export interface SigningKey {
  readonly public: PublicKey;
  /** The Ed25519 signature of these bytes: 64 bytes, the same each time. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** What RFC 8410 puts before the raw public key in a SubjectPublicKeyInfo. */
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');
/** What RFC 8410 puts before the seed in a PKCS#8 PrivateKeyInfo. */
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The key of 32 raw bytes, or of their 64 lower-case hexadecimal digits.
 * Throws `key.form` (corrupt) for anything else.
 */
export function publicKeyOf(raw: string | Uint8Array): PublicKey {
  const text = typeof raw === 'string' ? raw : Buffer.from(raw).toString('hex');
  if (!/^[0-9a-f]{64}$/.test(text)) {
    const found =
      typeof raw === 'string' ? JSON.stringify(raw.slice(0, 80)) : `${raw.length} bytes`;
    throw new TwinbankError(
      'corrupt',
      'key.form',
      `public key: expected 32 bytes as 64 lower-case hexadecimal digits, found ${found}`,
      { data: { found } },
    );
  }
  const id = createHash('sha256').update(Buffer.from(text, 'hex')).digest('hex').slice(0, 16);
  return { id, raw: text };
}

/** Whether this is this key's Ed25519 signature of these bytes; any other length than 64 bytes is not. */
export function verifySignature(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  return verify(null, bytes, keyObjectOf(key), signature);
}

/** A bundle or bank has several signatures by one key, and OpenSSL takes longer to parse a key than to verify by it. */
const keyObjects = new WeakMap<PublicKey, KeyObject>();

function keyObjectOf(key: PublicKey): KeyObject {
  const known = keyObjects.get(key);
  if (known) return known;
  const der = Buffer.concat([publicPrefix, Buffer.from(key.raw, 'hex')]);
  const made = createPublicKey({ key: der, format: 'der', type: 'spki' });
  keyObjects.set(key, made);
  return made;
}

/** The signing key of an Ed25519 private key; throws `key.algorithm` (corrupt) for any other. */
export function signingKeyOf(key: KeyObject): SigningKey {
  if (key.type !== 'private' || key.asymmetricKeyType !== 'ed25519') {
    const found = `${key.type} ${key.asymmetricKeyType ?? 'key'}`;
    throw new TwinbankError(
      'corrupt',
      'key.algorithm',
      `signing key: expected a private ed25519 key, found a ${found}`,
      { data: { found } },
    );
  }
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    public: publicKeyOf(der.subarray(publicPrefix.length)),
    sign: (bytes) => sign(null, bytes, key),
  };
}

/** The private key of a seed: 32 bytes that are as good as random (RFC 8032 section 5.1.5). */
export function privateKeyOfSeed(seed: Uint8Array): KeyObject {
  const der = Buffer.concat([privatePrefix, seed]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

let development: SigningKey | undefined;

/** Made when it is first asked for: who only verifies with other keys never pays for it. */
function madeDevelopmentKey(): SigningKey {
  const sentence = 'twinbank development key: everybody has it';
  development ??= signingKeyOf(privateKeyOfSeed(createHash('sha256').update(sentence).digest()));
  return development;
}

/**
 * The key of those who have none: its private half follows from a sentence in this file, so that what it
 * signed is whole, but of unknown origin.
 */
export const developmentKey: SigningKey = {
  get public() {
    return madeDevelopmentKey().public;
  },
  sign: (bytes) => madeDevelopmentKey().sign(bytes),
};

/** Whether a key id is that of the development key. */
export function isDevelopmentKey(id: string): boolean {
  return id === developmentKey.public.id;
}
