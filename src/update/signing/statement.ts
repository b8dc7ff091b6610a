import { createHash } from 'node:crypto';
import { TwinbankError } from '../../diagnostics/error.ts';

/** What a statement is about: something by its name and its SHA-256. */
export interface Subject {
  readonly name: string;
  readonly digest: { readonly sha256: string };
}

export const statementType = 'https://in-toto.io/Statement/v1';
export const provenanceType = 'https://slsa.dev/provenance/v1';
/** What a DSSE envelope calls a statement (in-toto attestation framework, envelope). */
export const statementPayload = 'application/vnd.in-toto+json';

/** The subjects of a provenance statement. Throws `provenance.form` (kind `corrupt`) for anything else. */
export function readSubjects(payload: Uint8Array, what: string): Subject[] {
  try {
    const { _type, predicateType, subject } = JSON.parse(Buffer.from(payload).toString('utf8'));
    if (_type === statementType && predicateType === provenanceType && isSubjects(subject)) {
      return subject;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
  }
  const message = `${what}: expected an in-toto statement with SLSA provenance, found something else`;
  throw new TwinbankError('corrupt', 'provenance.form', message);
}

function isSubjects(value: unknown): value is Subject[] {
  return (
    Array.isArray(value) &&
    value.every(
      (one) => typeof one?.name === 'string' && /^[0-9a-f]{64}$/.test(one?.digest?.sha256 ?? ''),
    )
  );
}

/** SHA-256 of bytes or a text, as a statement names its subjects. */
export function statementDigest(data: Uint8Array | string): { readonly sha256: string } {
  return { sha256: createHash('sha256').update(data).digest('hex') };
}
