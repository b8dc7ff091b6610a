import { baseOrigin } from '../../bootloader/bank-manifest.ts';
import { sha256 } from '../../bootloader/sum-file.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { KeptManifest } from '../manifest/plan-bank.ts';

/** A build that hosts have already, and that a bundle can be relative to. */
export interface OlderBuild {
  readonly build: string;
  /** SHA-256 of its base.json. */
  readonly manifest: string;
  /** SHA-256 of each of its modules and packages. */
  readonly has: ReadonlySet<string>;
}

/** The build of a bank. */
export function olderBuildOf(manifests: readonly KeptManifest[]): OlderBuild {
  const [base] = manifests;
  const files = manifests.flatMap(({ manifest }) => [
    ...manifest.modules,
    ...(manifest.base?.packages ?? []),
  ]);
  return {
    build: base?.manifest.build ?? '',
    manifest: sha256(base?.bytes ?? new Uint8Array()),
    has: new Set(files.map((one) => one.sha256)),
  };
}

/**
 * The build of a manifest file: the `NAME-VERSION.manifest.json` beside an image, or a bank's `base.json`.
 * Throws `bundle.older-build` (kind `corrupt`), beginning with `name`.
 */
export function readOlderBuild(bytes: Uint8Array, name: string): OlderBuild {
  const bad = (expected: string): TwinbankError => {
    const message = `${name}: expected an image or the manifest of one, with ${expected}`;
    return new TwinbankError('corrupt', 'bundle.older-build', message);
  };
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw bad('JSON');
  }
  if (typeof document !== 'object' || document === null) throw bad('an object');
  const { type, origin, build, manifest, modules, packages } = document as Record<string, unknown>;
  if (typeof build !== 'string' || !Array.isArray(modules)) throw bad('"build" and "modules"');
  if (type === 'manifest' && origin !== baseOrigin) throw bad('the base, as base.json is');
  const own = type === 'manifest' ? sha256(bytes) : manifest;
  if (typeof own !== 'string' || !/^[0-9a-f]{64}$/.test(own)) throw bad('"manifest"');
  const files = [...modules, ...(Array.isArray(packages) ? packages : [])];
  const has = files.map((one: { sha256?: unknown } | null) => {
    if (typeof one?.sha256 !== 'string') throw bad('"sha256" of each module and package');
    return one.sha256;
  });
  return { build, manifest: own, has: new Set(has) };
}
