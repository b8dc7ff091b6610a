import { TwinbankError } from '../../diagnostics/error.ts';
import { canonicalJson, parseCanonicalJson } from './canonical-json.ts';
import { type PublicKey, type SigningKey, verifySignature } from './key.ts';

interface Signature {
  readonly keyId: string;
  /** 128 hexadecimal digits. */
  readonly signature: string;
}

/** More than one key signs while one takes over from another; nobody needs more than a few. */
const maxSignatures = 16;

/**
 * The bytes of an ORIGIN.sig: `bytes` signed by each key, in the order of their ids. Throws
 * `signature.too-many` (kind `refused`) for more than a reader takes.
 */
export function signBytes(bytes: Uint8Array, keys: readonly SigningKey[]): Uint8Array {
  return encodeSignatures(keys.map((key) => newSignature(bytes, key)));
}

/**
 * The same ORIGIN.sig with the signature of one key more, or a new one of a key that is there. Throws as
 * {@link signBytes} does.
 */
export function addSignature(
  signature: Uint8Array,
  bytes: Uint8Array,
  key: SigningKey,
): Uint8Array {
  const others = readSignatures(signature, 'manifest').filter(
    ({ keyId }) => keyId !== key.public.id,
  );
  return encodeSignatures([...others, newSignature(bytes, key)]);
}

function newSignature(bytes: Uint8Array, key: SigningKey): Signature {
  return { keyId: key.public.id, signature: Buffer.from(key.sign(bytes)).toString('hex') };
}

function encodeSignatures(signatures: readonly Signature[]): Uint8Array {
  if (signatures.length > maxSignatures) {
    const message = `signature: expected at most ${maxSignatures} keys that sign, found ${signatures.length}`;
    throw new TwinbankError('refused', 'signature.too-many', message);
  }
  const sorted = signatures
    .map(({ keyId, signature }) => ({ keyId, signature }))
    .sort((a, b) => (a.keyId < b.keyId ? -1 : 1));
  return canonicalJson({ schemaVersion: 1, type: 'signature', signatures: sorted });
}

/** The ids of the keys that claim to have signed something. Throws `signature.form` (kind `corrupt`). */
export function signatureKeyIds(signature: Uint8Array, what: string): string[] {
  return readSignatures(signature, what).map(({ keyId }) => keyId);
}

/** Key ids of a signature, by what became of each of them. */
export interface Signers {
  /** Keys that are known here, and have signed just these bytes. */
  readonly right: readonly string[];
  /** Keys that are known, and have signed something else. */
  readonly wrong: readonly string[];
  /** Keys that are not known: what they have signed nobody can tell. */
  readonly unknown: readonly string[];
}

/** Who signed `bytes`, where nobody is trusted. Never throws: what is no signature names nobody. */
export function signersOf(
  bytes: Uint8Array,
  signature: Uint8Array,
  known: readonly PublicKey[],
): Signers {
  const signers = { right: [] as string[], wrong: [] as string[], unknown: [] as string[] };
  try {
    for (const { keyId, signature: hex } of readSignatures(signature, 'it')) {
      const key = known.find(({ id }) => id === keyId);
      const right = key && verifySignature(key, bytes, Buffer.from(hex, 'hex'));
      signers[right === undefined ? 'unknown' : right ? 'right' : 'wrong'].push(keyId);
    }
  } catch (error) {
    if (!(error instanceof TwinbankError)) throw error;
  }
  return signers;
}

/**
 * Checks that a trusted key has signed `bytes`; returns the ids of those that have. Throws kind `corrupt`:
 * `signature.form`, `signature.untrusted` where none of the keys is trusted, and `signature.wrong` where a
 * trusted one's does not match: then somebody has changed the one or the other.
 */
export function assertSigned(
  bytes: Uint8Array,
  signature: Uint8Array,
  trusted: readonly PublicKey[],
  what: string,
): string[] {
  const signatures = readSignatures(signature, what);
  const known = signatures.flatMap((one) => {
    const key = trusted.find(({ id }) => id === one.keyId);
    return key ? [{ key, value: Buffer.from(one.signature, 'hex') }] : [];
  });
  if (known.length === 0) {
    const list = (ids: readonly string[]) => ids.join(', ') || 'none';
    const message = `${what}: expected the signature of a trusted key (${list(trusted.map(({ id }) => id))}), found signatures of ${list(signatures.map(({ keyId }) => keyId))}`;
    throw new TwinbankError('corrupt', 'signature.untrusted', message, { data: { what } });
  }
  for (const { key, value } of known) {
    if (verifySignature(key, bytes, value)) continue;
    const message = `${what}: expected it to match the signature of key ${key.id}, found other content`;
    throw new TwinbankError('corrupt', 'signature.wrong', message, { data: { what, key: key.id } });
  }
  return known.map(({ key }) => key.id);
}

function readSignatures(bytes: Uint8Array, what: string): Signature[] {
  const document = parseCanonicalJson(bytes, `signature of ${what}`);
  const bad = (expected: string) =>
    new TwinbankError('corrupt', 'signature.form', `signature of ${what}: expected ${expected}`);
  if (!isRecord(document) || document.type !== 'signature' || document.schemaVersion !== 1) {
    throw bad('"schemaVersion": 1 and "type": "signature"');
  }
  const { signatures, ...others } = document;
  if (Object.keys(others).length !== 2) throw bad('no other members');
  if (!Array.isArray(signatures) || signatures.length > maxSignatures) {
    throw bad(`a list of at most ${maxSignatures} "signatures"`);
  }
  const read = signatures.map((one) => {
    const { keyId, signature } = isRecord(one) ? one : {};
    const isHex = (value: unknown, digits: number): value is string =>
      typeof value === 'string' && value.length === digits && /^[0-9a-f]*$/.test(value);
    if (!isRecord(one) || Object.keys(one).length !== 2) throw bad('"keyId" and "signature"');
    if (!isHex(keyId, 16) || !isHex(signature, 128)) throw bad('16 and 128 hexadecimal digits');
    return { keyId, signature };
  });
  for (const [index, { keyId }] of read.entries()) {
    const before = read[index - 1];
    if (before && before.keyId >= keyId) throw bad('one signature a key, in the order of key ids');
  }
  return read;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
