import type { BankManifest } from '../../bootloader/bank-manifest.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import { trustOf } from '../bank-reading.ts';
import { developmentKey } from '../signing/key.ts';
import { assertSigned, type Signers, signersOf } from '../signing/signature.ts';
import { readManifest } from '../signing/signed-manifest.ts';
import type { ByteSource } from '../source/byte-source.ts';
import type { BundleIndex } from './bundle-index.ts';
import { openBundle } from './bundle-reader.ts';
import { readDocuments, verifyBundleManifests } from './offered-bundle.ts';
import { assertBank, readRest } from './verify-bundle.ts';

/** What a bundle says of itself; who made it is another question (`verifyBundle`). */
export interface BundleReport {
  readonly index: BundleIndex;
  /** Of the index, by the keys that the base of the bundle names, and the development key. */
  readonly signers: Signers;
  /** The base first; the signers by the same keys. */
  readonly manifests: readonly { readonly manifest: BankManifest; readonly signers: Signers }[];
  /** Why no host takes it, whomever it trusts; undefined where there is no such reason. */
  readonly problem: TwinbankError | undefined;
}

/**
 * Reads a bundle to its end, and holds it against the keys that it names itself. Throws kind `corrupt`: as
 * `openBundle` does, and `manifest.form` and `json.*` where a manifest cannot be read; what else is wrong with
 * it is the report's problem.
 */
export async function inspectBundle(
  source: ByteSource,
  onRead: (bytes: number) => void = () => {},
): Promise<BundleReport> {
  const { name } = source;
  const reader = await openBundle(source);
  const documents = await readDocuments(reader);
  const read = [...documents].flatMap(([path, bytes]) =>
    path.endsWith('.json')
      ? [{ path, bytes, manifest: readManifest(bytes, `${name}: ${path}`) }]
      : [],
  );
  const base = read.find(({ manifest }) => manifest.base)?.manifest;
  const known = [...trustOf(base), developmentKey.public];
  const { indexBytes, signatureBytes } = reader;
  const signers = signersOf(indexBytes, signatureBytes, known);
  const problem = await firstProblem([
    () => {
      // A key that takes its leave signs the bundle, and the new base does not name it any more.
      if (signers.unknown.length > 0 && signers.wrong.length === 0) return;
      assertSigned(indexBytes, signatureBytes, known, `${name}: bundle.json`);
    },
    () => assertBank(name, verifyBundleManifests({ name, reader, documents }, known)),
    () => readRest(reader, onRead),
  ]);
  return {
    index: reader.index,
    signers,
    manifests: read.map(({ path, bytes, manifest }) => {
      const signature = documents.get(path.replace(/json$/, 'sig')) ?? new Uint8Array();
      return { manifest, signers: signersOf(bytes, signature, known) };
    }),
    problem,
  };
}

async function firstProblem(
  steps: readonly (() => Promise<void> | void)[],
): Promise<TwinbankError | undefined> {
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      if (error instanceof TwinbankError && error.kind === 'corrupt') return error;
      throw error;
    }
  }
  return undefined;
}
