import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { TwinbankError } from '../../diagnostics/error.ts';
import { type PublicKey, publicKeyOf, type SigningKey, signingKeyOf } from './key.ts';

export type KeyKind = 'public' | 'private' | 'encrypted';

/** The labels of RFC 7468 sections 10, 11 and 13, the only ones that are read. */
const kinds: Readonly<Record<string, KeyKind>> = {
  'PUBLIC KEY': 'public',
  'PRIVATE KEY': 'private',
  'ENCRYPTED PRIVATE KEY': 'encrypted',
};

/** What such a key is called by those who made it; `type` is Node's word. */
const algorithms: Readonly<Record<string, string>> = {
  rsa: 'RSA',
  'rsa-pss': 'RSA-PSS',
  dsa: 'DSA',
  dh: 'Diffie-Hellman',
  ec: 'EC',
  ed448: 'Ed448',
  x25519: 'X25519',
  x448: 'X448',
};

/** What a PEM file holds; throws `key.form` (corrupt) unless it is one key in a form that is read. */
export function keyKind(pem: string | Uint8Array, name: string): KeyKind {
  return readPem(pem, name).kind;
}

/**
 * The Ed25519 key of a PEM SubjectPublicKeyInfo; `name` is for errors. Throws, all of them corrupt,
 * `key.form`, `key.algorithm`, and `key.private` for a private key, which nobody is to pass around.
 */
export function readPublicKey(pem: string | Uint8Array, name: string): PublicKey {
  const { kind, block } = readPem(pem, name);
  if (kind !== 'public') {
    throw keyError(name, 'key.private', 'a public key', 'a private one; take its .pub file');
  }
  const key = readable(name, () => createPublicKey(block));
  assertEd25519(key, name);
  // The key itself is the last 32 bytes of its RFC 8410 form.
  return publicKeyOf(key.export({ format: 'der', type: 'spki' }).subarray(-32));
}

/**
 * The Ed25519 key of a PKCS#8 PEM file, plain or encrypted; `name` is for errors, the passphrase of a
 * plain key is not looked at. Throws `key.form` and `key.algorithm` (corrupt), for an encrypted key
 * `key.passphrase-missing` (usage) without a passphrase and `key.passphrase` (corrupt) with a wrong one.
 */
export function readSigningKey(
  pem: string | Uint8Array,
  name: string,
  passphrase?: string,
): SigningKey {
  const { kind, block } = readPem(pem, name);
  if (kind === 'public') {
    throw keyError(name, 'key.public', 'a private key', 'a public one; take its .key file');
  }
  const key =
    kind === 'encrypted'
      ? decrypted(block, name, passphrase)
      : readable(name, () => createPrivateKey(block));
  assertEd25519(key, name);
  return signingKeyOf(key);
}

interface Pem {
  readonly kind: KeyKind;
  /** The one block, without text around it (RFC 7468 section 2 allows it). */
  readonly block: string;
}

function readPem(pem: string | Uint8Array, name: string): Pem {
  const text = typeof pem === 'string' ? pem : Buffer.from(pem).toString('latin1');
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g)];
  const [first] = blocks;
  if (!first || blocks.length > 1) {
    throw keyError(name, 'key.form', 'one key in PEM form', first ? `${blocks.length}` : 'none');
  }
  const [block, label = ''] = first;
  const kind = kinds[label];
  if (kind !== undefined) return { kind, block };
  const traditional = /^(RSA|EC|DSA) (PRIVATE|PUBLIC) KEY$/.exec(label)?.[1];
  if (traditional !== undefined) throw otherAlgorithm(name, traditional);
  const found = `"${label}"`;
  throw keyError(name, 'key.form', '"PUBLIC KEY" or "PRIVATE KEY" (PKCS#8) in PEM form', found);
}

function readable(name: string, read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch (cause) {
    throw keyError(name, 'key.form', 'a whole key', 'one that cannot be read', cause);
  }
}

function decrypted(block: string, name: string, passphrase: string | undefined): KeyObject {
  if (passphrase === undefined) {
    const message = `${name}: expected a passphrase, as this key is encrypted, found none`;
    throw new TwinbankError('usage', 'key.passphrase-missing', message);
  }
  try {
    return createPrivateKey({ key: block, passphrase });
  } catch (cause) {
    // A wrong passphrase leaves a key that does not end, or one that makes no sense: many an error.
    const found = 'another passphrase, or a damaged key';
    throw keyError(name, 'key.passphrase', 'the passphrase that opens this key', found, cause);
  }
}

function assertEd25519(key: KeyObject, name: string): void {
  const type = key.asymmetricKeyType ?? 'unknown';
  if (type !== 'ed25519') throw otherAlgorithm(name, algorithms[type] ?? type);
}

function otherAlgorithm(name: string, found: string): TwinbankError {
  const expected = 'an Ed25519 key (twinbank keys new makes one)';
  return keyError(name, 'key.algorithm', expected, `one of ${found}`);
}

function keyError(
  name: string,
  code: string,
  expected: string,
  found: string,
  cause?: unknown,
): TwinbankError {
  const message = `${name}: expected ${expected}, found ${found}`;
  return new TwinbankError('corrupt', code, message, { data: { found }, cause });
}
