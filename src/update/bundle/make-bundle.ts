import type { ManifestModule, ManifestPackage } from '../../bootloader/bank-manifest.ts';
import { sha256 } from '../../bootloader/sum-file.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import { cycleProblems } from '../manifest/cycles.ts';
import type { KeptManifest } from '../manifest/plan-bank.ts';
import { isDevelopmentKey, type SigningKey } from '../signing/key.ts';
import { addSignature, signatureKeyIds, signBytes } from '../signing/signature.ts';
import type { BundleIndexEntry } from './bundle-entries.ts';
import { type BundleIndex, encodeBundleIndex } from './bundle-index.ts';
import type { OlderBuild } from './older-build.ts';

/** The chunks of a file, one after another. */
export type Chunks = () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** What a bundle is made of: a build's manifests, and where its files are. */
export interface BundleParts {
  /** The base's first. */
  readonly manifests: readonly KeptManifest[];
  moduleContent(module: ManifestModule): Chunks;
  packageContent(one: ManifestPackage): Chunks;
}

export interface BundleEntryPlan extends BundleIndexEntry {
  readonly content: Uint8Array | Chunks;
}

/** One file of a build, and whether the bundle brings it. */
export interface BundleRow {
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
  readonly sent: boolean;
}

export interface BundlePlan {
  readonly index: BundleIndex;
  readonly indexBytes: Uint8Array;
  readonly signatureBytes: Uint8Array;
  readonly entries: readonly BundleEntryPlan[];
  readonly rows: readonly BundleRow[];
  /** Hosts that take it trust the development key afterwards. */
  readonly trustsDevelopmentKey: boolean;
}

/**
 * Plans a bundle: all of a build, or what `from` lacks of it. The key signs the index and the base beside
 * those that signed it before; an OEM's manifest keeps its own signatures. The development key's are
 * replaced. Throws `bundle.untrusted` (kind `refused`) where no host could take it, as the base does not trust
 * who signed it, `bundle.oem-cycle` for OEMs that require one another,
 * and as `encodeBundleIndex` does.
 */
export function planBundle(parts: BundleParts, key: SigningKey, from?: OlderBuild): BundlePlan {
  const manifests = parts.manifests.map((one) => ({ ...one, signature: resign(one, key) }));
  const base = manifests[0]?.manifest;
  assertNoCycle(manifests);
  assertTrusted(manifests);
  const documents = manifests.flatMap(({ manifest: { origin }, bytes, signature }) => [
    document(`${origin}.json`, bytes),
    document(`${origin}.sig`, signature),
  ]);
  const isSent = ({ sha256 }: { sha256: string }): boolean => !from?.has.has(sha256);
  const modules = manifests.flatMap(({ manifest }) => manifest.modules);
  const packages = base?.base?.packages ?? [];
  const files = [
    ...modules.filter(isSent).map((one): BundleEntryPlan => {
      const { file, bytes, sha256 } = one;
      return { path: `modules/${file}`, bytes, sha256, content: parts.moduleContent(one) };
    }),
    ...packages.filter(isSent).map((one): BundleEntryPlan => {
      const { name, bytes, sha256 } = one;
      return { path: `packages/${name}`, bytes, sha256, content: parts.packageContent(one) };
    }),
  ];
  const entries = [...documents, ...files];
  const index: BundleIndex = {
    product: base?.product ?? '',
    version: base?.version ?? '',
    build: base?.build ?? '',
    ...(from && { from: { build: from.build, manifest: from.manifest } }),
    entries: entries.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
  };
  const indexBytes = encodeBundleIndex(index);
  const row = (one: ManifestModule | ManifestPackage): BundleRow => {
    const version = 'version' in one ? one.version : '';
    return { name: one.name, version, bytes: one.bytes, sent: isSent(one) };
  };
  return {
    index,
    indexBytes,
    signatureBytes: signBytes(indexBytes, [key]),
    entries,
    rows: [...modules.map(row), ...packages.map(row)],
    trustsDevelopmentKey: (base?.base?.trust ?? []).some(({ keyId }) => isDevelopmentKey(keyId)),
  };
}

function resign({ manifest, bytes, signature }: KeptManifest, key: SigningKey): Uint8Array {
  const signers = signatureKeyIds(signature, `${manifest.origin}.json`);
  const real = signers.filter((id) => !isDevelopmentKey(id));
  if (real.length === 0) return signBytes(bytes, [key]);
  return manifest.base ? addSignature(signature, bytes, key) : signature;
}

/** A bank may be older than this rule; the others were held to it when it was made. */
function assertNoCycle(manifests: readonly KeptManifest[]): void {
  const problems = cycleProblems(manifests.map(({ manifest }) => manifest));
  if (problems.length === 0) return;
  const text = problems.map(({ message }) => message).join('\n');
  throw new TwinbankError('refused', 'bundle.oem-cycle', text);
}

/** A host asks for it again once it runs, by the keys of the base alone. */
function assertTrusted(manifests: readonly KeptManifest[]): void {
  const base = manifests[0]?.manifest;
  const trusted = (base?.base?.trust ?? []).map(({ keyId }) => keyId);
  for (const { manifest, signature } of manifests) {
    const file = `${manifest.origin}.json`;
    const signers = signatureKeyIds(signature, file);
    if (signers.some((id) => trusted.includes(id))) continue;
    const list = (ids: readonly string[]) => ids.join(', ') || 'none';
    const message = `${file}: expected the signature of a key that build ${base?.build} trusts (${list(trusted)}), found signatures of ${list(signers)}: no host could take it; build the image with this key, or with it in the recipe's trust`;
    throw new TwinbankError('refused', 'bundle.untrusted', message);
  }
}

function document(path: string, bytes: Uint8Array): BundleEntryPlan {
  return { path, bytes: bytes.length, sha256: sha256(bytes), content: bytes };
}
