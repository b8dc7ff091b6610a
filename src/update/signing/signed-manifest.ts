import { type BankManifest, readBankManifest } from '../../bootloader/bank-manifest.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import { canonicalJson, type JsonValue, parseCanonicalJson } from './canonical-json.ts';
import { type PublicKey, publicKeyOf } from './key.ts';
import { assertSigned } from './signature.ts';

/** A manifest, the bytes that were signed, and its signatures as they stand in a bank or bundle. */
export interface SignedManifest {
  readonly manifest: BankManifest;
  /** ORIGIN.json */
  readonly bytes: Uint8Array;
  /** ORIGIN.sig */
  readonly signature: Uint8Array;
  /** Of the trusted keys that have signed it. */
  readonly keyIds: readonly string[];
}

/** The bytes of ORIGIN.json. */
export function encodeManifest(manifest: BankManifest): Uint8Array {
  const { base, ...common } = manifest;
  const flat = { schemaVersion: 1, type: 'manifest', ...common, ...base };
  return canonicalJson(flat as unknown as JsonValue);
}

/**
 * Reads a manifest that a trusted key has signed. `what` is how messages call it (`base.json`). Throws kind
 * `corrupt`: `manifest.form` where it is none, `json.*` where it is in another than the one form, and as
 * {@link assertSigned} does.
 */
export function readSignedManifest(
  bytes: Uint8Array,
  signature: Uint8Array,
  trusted: readonly PublicKey[],
  what: string,
): SignedManifest {
  const keyIds = assertSigned(bytes, signature, trusted, what);
  return { manifest: readManifest(bytes, what), bytes, signature, keyIds };
}

/** The same without asking who signed it: for what tells its own keys. Throws as above. */
export function readManifest(bytes: Uint8Array, what: string): BankManifest {
  parseCanonicalJson(bytes, what);
  const manifest = readBankManifest(bytes);
  const problem = typeof manifest === 'string' ? manifest : trustProblem(manifest);
  if (typeof manifest !== 'string' && problem === undefined) return manifest;
  throw new TwinbankError('corrupt', 'manifest.form', `${what}: ${problem}`);
}

/** An id names a key in lists and messages: one that is not the key's own would name another. */
function trustProblem({ base }: BankManifest): string | undefined {
  for (const [index, { keyId, publicKey }] of (base?.trust ?? []).entries()) {
    const { id } = publicKeyOf(publicKey);
    if (id !== keyId)
      return `trust[${index}].keyId: expected ${id} of its publicKey, found ${keyId}`;
  }
  return undefined;
}
