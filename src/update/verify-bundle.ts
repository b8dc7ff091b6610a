import type { BundleIndex } from './bundle-index.ts';
import type { ByteSource } from './byte-source.ts';
import type { PublicKey } from './key.ts';
import { readOffer } from './offered-bundle.ts';
import type { SignedManifest } from './signed-manifest.ts';

/** A bundle that is right to its last byte. */
export interface VerifiedBundle {
  readonly index: BundleIndex;
  /** The base's first. */
  readonly manifests: readonly SignedManifest[];
  /** Of the trusted keys that have signed it. */
  readonly keyIds: readonly string[];
}

/** Reads a bundle to its end without a host. Throws as `readOffer` and the reader of bundles do. */
export async function verifyBundle(
  source: ByteSource,
  trusted: readonly PublicKey[],
  onRead: (bytes: number) => void = () => {},
): Promise<VerifiedBundle> {
  const { index, manifests, keyIds, reader } = await readOffer(source, trusted);
  for (let entry = await reader.next(); entry; entry = await reader.next()) {
    for await (const piece of entry.chunks()) onRead(piece.length);
  }
  return { index, manifests, keyIds };
}
