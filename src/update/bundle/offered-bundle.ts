import { TwinbankError } from '../../diagnostics/error.ts';
import { trustOf } from '../bank-reading.ts';
import type { PublicKey } from '../signing/key.ts';
import { assertSigned } from '../signing/signature.ts';
import { readSignedManifest, type SignedManifest } from '../signing/signed-manifest.ts';
import type { ByteSource } from '../source/byte-source.ts';
import type { BundleIndex } from './bundle-index.ts';
import { type BundleReader, openBundle } from './bundle-reader.ts';

/** A bundle as far as its manifests: verified, and nothing of its modules read yet. */
export interface OfferedBundle {
  readonly name: string;
  readonly index: BundleIndex;
  /** The base first. */
  readonly manifests: readonly SignedManifest[];
  /** Of the trusted keys that have signed the bundle. */
  readonly keyIds: readonly string[];
  /** Its next entry is the first module. */
  readonly reader: BundleReader;
}

/**
 * Opens a bundle and verifies what it says of itself: its index and its base are signed by a trusted key, and
 * everything in it by keys that the new base trusts, as the host will check it again once it runs. Throws
 * kind `corrupt`: as `openBundle` and `assertSigned` do, and `bundle.manifests`.
 */
export async function readOffer(
  source: ByteSource,
  trusted: readonly PublicKey[],
): Promise<OfferedBundle> {
  const { name } = source;
  const reader = await openBundle(source);
  const { index, indexBytes, signatureBytes } = reader;
  // Before more of it is read, as a stranger may have made it as long as he likes.
  const keyIds = assertSigned(indexBytes, signatureBytes, trusted, `${name}: bundle.json`);
  const documents = await readDocuments(reader);
  const manifests = verifyBundleManifests({ name, reader, documents }, trusted);
  return { name, index, manifests, keyIds, reader };
}

/** A bundle as far as its manifests, with nothing of it verified. */
export interface ReadBundle {
  readonly name: string;
  readonly reader: BundleReader;
  /** Manifests and signatures by their paths. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
}

/** The manifests and signatures of a bundle that was just opened; the next entry is the first module. */
export async function readDocuments(reader: BundleReader): Promise<Map<string, Uint8Array>> {
  const documents = new Map<string, Uint8Array>();
  for (const { path } of reader.index.entries) {
    if (path.includes('/')) break;
    const entry = await reader.next();
    documents.set(path, entry ? await entry.bytes() : new Uint8Array());
  }
  return documents;
}

/** Verifies the manifests of a bundle, and that its index tells the same. Throws as {@link readOffer} does. */
export function verifyBundleManifests(
  { name, reader, documents }: ReadBundle,
  trusted: readonly PublicKey[],
): SignedManifest[] {
  const manifests: SignedManifest[] = [];
  let trust = trusted;
  for (const [path, bytes] of documents) {
    if (!path.endsWith('.json')) continue;
    const signature = documents.get(path.replace(/json$/, 'sig')) ?? new Uint8Array();
    let what = `${name}: ${path}`;
    if (path === 'base.json') {
      trust = trustOf(readSignedManifest(bytes, signature, trusted, what).manifest);
      what = `${what}, by the keys that it trusts itself`;
    }
    const signed = readSignedManifest(bytes, signature, trust, what);
    const { origin } = signed.manifest;
    if (`${origin}.json` !== path) {
      throw otherStory(name, `${origin}.json for the manifest of ${origin}`, path);
    }
    manifests.push(signed);
  }
  assertOneStory(name, reader.index, manifests);
  return manifests;
}

/** The index says what the manifests say, so that a plan can be made from either. */
function assertOneStory(
  name: string,
  index: BundleIndex,
  manifests: readonly SignedManifest[],
): void {
  const wrong = (expected: string, found: string) => otherStory(name, expected, found);
  const base = manifests.find(({ manifest }) => manifest.base)?.manifest;
  if (!base?.base) throw wrong('base.json among its entries', 'none');
  for (const key of ['product', 'version', 'build'] as const) {
    if (index[key] !== base[key]) throw wrong(`the ${key} of base.json, ${base[key]}`, index[key]);
  }
  const modules = manifests.flatMap(({ manifest }) => manifest.modules);
  const listed = [
    ...modules.map((one) => ({ ...one, path: `modules/${one.file}` })),
    ...base.base.packages.map((one) => ({ ...one, path: `packages/${one.name}` })),
  ];
  for (const { path, bytes, sha256 } of index.entries) {
    if (!path.includes('/')) continue;
    const entry = listed.find((one) => one.path === path);
    if (entry?.sha256 !== sha256 || entry.bytes !== bytes) {
      throw wrong(`${path} to be what a manifest lists`, entry ? 'another' : 'no such');
    }
  }
  const sent = new Set(index.entries.map(({ path }) => path));
  const left = listed.find(({ path }) => !sent.has(path));
  if (left && !index.from) throw wrong(`${left.path}, as it is a full bundle`, 'none');
}

function otherStory(name: string, expected: string, found: string): TwinbankError {
  const message = `${name}: bundle.json: expected ${expected}, found ${found}`;
  return new TwinbankError('corrupt', 'bundle.manifests', message);
}
