import { type BundleIndex, encodeBundleIndex } from '../../../../src/update/bundle/bundle-index.ts';
import { writeBundle } from '../../../../src/update/bundle/bundle-writer.ts';
import { type BundleParts, planBundle } from '../../../../src/update/bundle/make-bundle.ts';
import type { OlderBuild } from '../../../../src/update/bundle/older-build.ts';
import type { KeptManifest } from '../../../../src/update/manifest/plan-bank.ts';
import type { SigningKey } from '../../../../src/update/signing/key.ts';
import { signBytes } from '../../../../src/update/signing/signature.ts';
import { contentOf, keys } from '../manifests.ts';
import { sha256 } from './small-bundle.ts';

/** Manifests whose modules were made by {@link moduleOf}. */
export function partsOf(manifests: readonly KeptManifest[]): BundleParts {
  return {
    manifests,
    moduleContent: (module) => () => [contentOf(module)],
    packageContent: (one) => () => [contentOf(one)],
  };
}

/** A bundle of these manifests, as `twinbank bundle` makes it, signed with the release key unless told. */
export async function bundleOf(
  manifests: readonly KeptManifest[],
  options: { key?: SigningKey; from?: OlderBuild } = {},
): Promise<Buffer> {
  const plan = planBundle(partsOf(manifests), options.key ?? keys.release, options.from);
  return written(plan);
}

/**
 * A bundle of just these files, whatever is in them: what nobody makes by accident. The index says of it what
 * it is told, and is signed by the keys given.
 */
export async function packed(
  files: Readonly<Record<string, Uint8Array>>,
  index: Partial<BundleIndex> = {},
  by: readonly SigningKey[] = [keys.release],
): Promise<Buffer> {
  const entries = Object.entries(files).map(([path, content]) => {
    return { path, bytes: content.length, sha256: sha256(content), content };
  });
  const indexBytes = encodeBundleIndex({
    ...{ product: 'twinbank', version: '1.0', build: '1.0-1' },
    entries: entries.map(({ path, bytes, sha256: hash }) => ({ path, bytes, sha256: hash })),
    ...index,
  });
  return written({ indexBytes, signatureBytes: signBytes(indexBytes, by), entries });
}

async function written(parts: Parameters<typeof writeBundle>[1]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await writeBundle((bytes) => void chunks.push(Buffer.from(bytes)), parts);
  return Buffer.concat(chunks);
}

/** The files of a bundle of these manifests, in its order. */
export function filesOf(manifests: readonly KeptManifest[]): Record<string, Uint8Array> {
  const modules = manifests.flatMap(({ manifest }) => manifest.modules);
  const packages = manifests.flatMap(({ manifest }) => manifest.base?.packages ?? []);
  return Object.fromEntries([
    ...manifests.flatMap(({ manifest: { origin }, bytes, signature }) => [
      [`${origin}.json`, bytes],
      [`${origin}.sig`, signature],
    ]),
    ...modules.map((module) => [`modules/${module.file}`, contentOf(module)]),
    ...packages.map((one) => [`packages/${one.name}`, contentOf(one)]),
  ]);
}
