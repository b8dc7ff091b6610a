import { resolve } from 'node:path';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { openEnvelope } from '../../../update/signing/dsse.ts';
import type { PublicKey } from '../../../update/signing/key.ts';
import {
  readSubjects,
  statementDigest,
  statementPayload,
} from '../../../update/signing/statement.ts';
import type { Context } from '../../command.ts';
import { readSmallFile } from '../../secrets/read-descriptor.ts';
import { plain } from '../../text/plain-text.ts';
import { keysText } from '../../text/update-text.ts';

/** More than the statement of any build has. */
const maxBytes = 2 ** 24;

/** A manifest that was found in a bank or a bundle. */
export interface FoundManifest {
  readonly origin: string;
  readonly bytes: Uint8Array;
  /** Where: `bank 5`, `bundle`. */
  readonly place: string;
}

/** A provenance statement that a trusted key has signed, held against what was found. */
interface VerifiedProvenance {
  readonly provenance: string;
  readonly keyIds: readonly string[];
  readonly manifests: readonly { readonly place: string; readonly origin: string }[];
}

/**
 * Holds manifests against a provenance statement in its signed envelope. Throws kind `corrupt`: as `openEnvelope` and
 * `readSubjects` do, and `provenance.other` where a manifest is none of its subjects.
 */
export async function verifyProvenance(
  context: Context,
  file: string,
  trusted: readonly PublicKey[],
  found: readonly FoundManifest[],
): Promise<VerifiedProvenance> {
  const wanted = { name: file, limit: maxBytes };
  const bytes = await readSmallFile(context, resolve(context.cwd, file), wanted);
  const envelope = openEnvelope(bytes, trusted, file);
  if (envelope.payloadType !== statementPayload) {
    const message = `${file}: expected a payload of ${statementPayload}, found ${plain(envelope.payloadType)}`;
    throw new TwinbankError('corrupt', 'provenance.form', message);
  }
  const known = new Set(
    readSubjects(envelope.payload, file).map(({ name, digest }) => `${name} ${digest.sha256}`),
  );
  for (const { origin, bytes, place } of found) {
    const { sha256 } = statementDigest(bytes);
    if (known.has(`${origin}.json ${sha256}`)) continue;
    const message = `${file}: expected ${place}'s ${origin}.json among what this build made, found another (SHA-256 ${sha256})`;
    throw new TwinbankError('corrupt', 'provenance.other', message, { data: { place, origin } });
  }
  return {
    provenance: file,
    keyIds: envelope.keyIds,
    manifests: found.map(({ place, origin }) => ({ place, origin })),
  };
}

/** One line for people. */
export function provenanceText({ provenance, keyIds, manifests }: VerifiedProvenance): string {
  const places = [...new Set(manifests.map(({ place }) => place))].join(', ');
  return `${provenance}: the build that made ${places}, signed by ${keysText(keyIds)}`;
}
