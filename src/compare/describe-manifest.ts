import type { ManifestModule } from '../bootloader/bank-manifest.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import type { KeptManifest } from '../update/manifest/plan-bank.ts';
import { signatureKeyIds } from '../update/signing/signature.ts';
import type { DescribedModule, DescribedOrigin } from './described.ts';

/** An origin as its manifest and its signatures describe it; signatures that cannot be read name no key. */
export function describeOrigin({ manifest, signature }: KeptManifest): DescribedOrigin {
  const { origin, vendor, version } = manifest;
  return { origin, vendor, version, signedBy: signers(signature, `${origin}.json`) };
}

function signers(signature: Uint8Array, what: string): readonly string[] {
  try {
    return signatureKeyIds(signature, what);
  } catch (error) {
    if (error instanceof TwinbankError && error.kind === 'corrupt') return [];
    throw error;
  }
}

/** What the manifest of an origin says of a module, all of it but where its bytes are. */
export function describeListed(module: ManifestModule, origin: string): DescribedModule {
  const { name, file, version, vendor, kind, bytes, sha256, files } = module;
  const relations = (['provides', 'requires', 'conflicts', 'replaces'] as const).flatMap((how) =>
    module[how].map((what) => `${how} ${what}`),
  );
  const listed = { name, file, version, vendor, kind, origin, bytes, sha256 };
  return { ...listed, relations, files, leftOut: false };
}
