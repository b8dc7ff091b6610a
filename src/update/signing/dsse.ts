import { TwinbankError } from '../../diagnostics/error.ts';
import { type PublicKey, type SigningKey, verifySignature } from './key.ts';

/** What an envelope carries, and who has signed it. */
export interface OpenedEnvelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  /** Of the keys that were asked about, those that have signed it. */
  readonly keyIds: readonly string[];
}

/** Nobody writes a larger one. */
const maxBytes = 2 ** 26;

/**
 * A DSSE envelope (Dead Simple Signing Envelope 1.0, JSON form) of a payload, signed by a key; the same parts make the
 * same bytes.
 */
export function sealEnvelope(
  payloadType: string,
  payload: Uint8Array,
  key: SigningKey,
): Uint8Array {
  const sig = Buffer.from(key.sign(preAuthentication(payloadType, payload))).toString('base64');
  const signatures = [{ keyid: key.public.id, sig }];
  const envelope = { payloadType, payload: Buffer.from(payload).toString('base64'), signatures };
  return Buffer.from(`${JSON.stringify(envelope)}\n`);
}

/**
 * Opens an envelope that one of these keys has signed. Key ids in it are hints: each signature is tried with each key.
 * Throws kind `corrupt`: `dsse.form`, and `dsse.untrusted` where none of the keys has signed it.
 */
export function openEnvelope(
  bytes: Uint8Array,
  trusted: readonly PublicKey[],
  what: string,
): OpenedEnvelope {
  const { payloadType, payload, signatures } = readEnvelope(bytes, what);
  const signed = preAuthentication(payloadType, payload);
  const unique = [...new Map(trusted.map((key) => [key.id, key])).values()];
  const keyIds = unique
    .filter((key) => signatures.some((signature) => verifySignature(key, signed, signature)))
    .map(({ id }) => id);
  if (keyIds.length > 0) return { payloadType, payload, keyIds };
  const ids = unique.map(({ id }) => id).join(', ') || 'none';
  const message = `${what}: expected the signature of a trusted key (${ids}), found none that matches`;
  throw new TwinbankError('corrupt', 'dsse.untrusted', message, { data: { what } });
}

/** Base64 as Node writes it: only one text stands for the same bytes. */
function isBase64(text: unknown): text is string {
  return typeof text === 'string' && Buffer.from(text, 'base64').toString('base64') === text;
}

function readEnvelope(bytes: Uint8Array, what: string) {
  const wrong = () =>
    new TwinbankError(
      'corrupt',
      'dsse.form',
      `${what}: expected a DSSE envelope (payloadType, payload, signatures), found something else`,
    );
  if (bytes.length > maxBytes) throw wrong();
  let envelope: { payloadType?: unknown; payload?: unknown; signatures?: unknown };
  try {
    envelope = JSON.parse(Buffer.from(bytes).toString('utf8')) ?? {};
  } catch {
    throw wrong();
  }
  const { payloadType, payload, signatures } = envelope;
  if (typeof payloadType !== 'string' || !isBase64(payload) || !Array.isArray(signatures)) {
    throw wrong();
  }
  return {
    payloadType,
    payload: Buffer.from(payload, 'base64'),
    signatures: signatures.map((one: { sig?: unknown } | null) => {
      if (!isBase64(one?.sig)) throw wrong();
      return Buffer.from(one.sig, 'base64');
    }),
  };
}

/** What is signed: PAE of the protocol, "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body. */
function preAuthentication(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType, 'utf8');
  const head = `DSSEv1 ${type.length} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head, 'utf8'), payload]);
}
