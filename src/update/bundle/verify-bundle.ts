import { setImmediate } from 'node:timers/promises';
import { TwinbankError } from '../../diagnostics/error.ts';
import { bankProblems } from '../manifest/bank-problems.ts';
import { planBank } from '../manifest/plan-bank.ts';
import type { PublicKey } from '../signing/key.ts';
import type { SignedManifest } from '../signing/signed-manifest.ts';
import type { ByteSource } from '../source/byte-source.ts';
import type { BundleIndex } from './bundle-index.ts';
import type { BundleReader } from './bundle-reader.ts';
import { readOffer } from './offered-bundle.ts';

/** A bundle that is right to its last byte. */
export interface VerifiedBundle {
  readonly index: BundleIndex;
  /** The base's first. */
  readonly manifests: readonly SignedManifest[];
  /** Of the trusted keys that have signed it. */
  readonly keyIds: readonly string[];
}

/**
 * Reads a bundle to its end without a host. Throws as `readOffer` and the reader of bundles do, and
 * `bundle.manifests` (kind `corrupt`) where what it brings does not go together in a bank.
 */
export async function verifyBundle(
  source: ByteSource,
  trusted: readonly PublicKey[],
  onRead: (bytes: number) => void = () => {},
): Promise<VerifiedBundle> {
  const { index, manifests, keyIds, reader } = await readOffer(source, trusted);
  assertBank(source.name, manifests);
  await readRest(reader, onRead);
  return { index, manifests, keyIds };
}

/** Reads what is left of a bundle to its end and keeps nothing of it. Throws as `BundleReader.next` does. */
export async function readRest(
  reader: BundleReader,
  onRead: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  for (let entry = await reader.next(); entry; entry = await reader.next()) {
    for await (const chunk of entry.chunks()) {
      onRead(chunk.length);
      // A file in memory would otherwise be read without a pause in which a signal is heard.
      await setImmediate();
      signal?.throwIfAborted();
    }
  }
}

/** What no bank can hold no host takes. Throws `bundle.manifests` (kind `corrupt`), beginning with `name`. */
export function assertBank(name: string, manifests: readonly SignedManifest[]): void {
  const bad = (message: string) =>
    new TwinbankError('corrupt', 'bundle.manifests', `${name}: ${message}`);
  const [problem] = bankProblems(manifests.map(({ manifest }) => manifest));
  if (problem) throw bad(problem.message);
  try {
    planBank(manifests);
  } catch (error) {
    if (error instanceof TwinbankError && ['recipe', 'corrupt'].includes(error.kind)) {
      throw bad(error.message);
    }
    throw error;
  }
}
