import type { LoaderHashes } from '../../bootloader/bank-manifest.ts';
import { loaderForm } from '../../bootloader/bank-manifest.ts';
import { form, type Members, membersProblem } from '../../bootloader/manifest-form.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import { canonicalJson, type JsonValue, parseCanonicalJson } from './canonical-json.ts';
import type { PublicKey } from './key.ts';
import { assertSigned } from './signature.ts';

/** The loader of one build, as a line of its own grub.cfg says it (docs/updates.md, Loader). */
export interface LoaderStatement {
  readonly product: string;
  readonly build: string;
  readonly loader: LoaderHashes;
}

const statementForm: Members = {
  schemaVersion: form.exactly(1),
  type: form.exactly('loader'),
  product: form.text,
  build: form.text,
  loader: form.members(loaderForm),
};

/** The bytes that are signed. */
export function encodeLoaderStatement({ product, build, loader }: LoaderStatement): Uint8Array {
  const whole = { schemaVersion: 1, type: 'loader', product, build, loader };
  return canonicalJson(whole as unknown as JsonValue);
}

/**
 * Reads a statement; with `trusted` one that such a key has signed. `what` is how messages call it. Throws kind
 * `corrupt`: as `assertSigned` does, `json.*`, and `loader.statement` for what is none.
 */
export function readLoaderStatement(
  { bytes, signature }: { readonly bytes: Uint8Array; readonly signature: Uint8Array },
  what: string,
  trusted?: readonly PublicKey[],
): LoaderStatement {
  if (trusted) assertSigned(bytes, signature, trusted, what);
  const parsed = parseCanonicalJson(bytes, what);
  const problem = membersProblem(parsed, statementForm);
  if (problem === undefined) return parsed as unknown as LoaderStatement;
  throw new TwinbankError('corrupt', 'loader.statement', `${what}: ${problem}`);
}
