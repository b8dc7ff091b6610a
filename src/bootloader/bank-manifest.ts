import { form, type Members, membersProblem } from './manifest-form.ts';

/** A module as a manifest lists it. */
export interface ManifestModule {
  readonly name: string;
  /** File in the bank's root: `vmkernel` or `NAME.v00`. */
  readonly file: string;
  readonly version: string;
  readonly vendor: string;
  readonly kind: 'base' | 'oem';
  readonly bytes: number;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Paths that its layer brings, without a leading `/`, in order; empty for the kernel. */
  readonly files: readonly string[];
  /** `NAME` or `NAME OP VERSION` (src/update/manifest/relation.ts). */
  readonly provides: readonly string[];
  readonly requires: readonly string[];
  readonly conflicts: readonly string[];
  readonly replaces: readonly string[];
}

/** A package of the store. What may be undefined is so in manifests from before packages had types. */
export interface ManifestPackage {
  /** Of its file. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** What the running system calls it, whatever its version: `ovmf`. */
  readonly id?: string;
  /** `firmware`, `tools`, `guest-tools`, `client`; a newer build may have others. */
  readonly type?: string;
  readonly version?: string;
}

/** A key that a host trusts. */
export interface TrustedKey {
  readonly keyId: string;
  /** The raw Ed25519 key, 64 hexadecimal digits. */
  readonly publicKey: string;
}

/** A part of the loader: its bytes and their hash. */
export interface LoaderPart {
  readonly bytes: number;
  readonly sha256: string;
}

/** The loader that was built with a system, part by part (src/bootloader/loader-parts.ts says where each is). */
export interface LoaderHashes {
  readonly bootCode: LoaderPart;
  readonly coreImage: LoaderPart;
  readonly bootx64: LoaderPart;
  readonly grubCfg: LoaderPart;
}

/** What only the base says of a system. */
export interface BaseFacts {
  readonly title: string;
  readonly securityVersion: number;
  /** The oldest version that can be updated to this one; empty for any. */
  readonly minVersion: string;
  readonly packages: readonly ManifestPackage[];
  readonly trust: readonly TrustedKey[];
  /** Undefined in a manifest from before loaders were hashed. */
  readonly loader?: LoaderHashes;
}

/** What one origin, the base system or an OEM, brings into a bank (docs/updates.md, Manifest). */
export interface BankManifest {
  readonly origin: string;
  readonly vendor: string;
  readonly product: string;
  readonly version: string;
  readonly build: string;
  readonly kernelOptions: readonly string[];
  readonly modules: readonly ManifestModule[];
  /** Undefined for an OEM. */
  readonly base?: BaseFacts;
}

/** The origin that every bank has, and the only one with {@link BaseFacts}. */
export const baseOrigin = 'base';

const packageForm: Members = {
  name: form.fileName,
  bytes: form.count,
  sha256: form.sha256,
};
const packageAboutForm: Members = { id: form.name, type: form.name, version: form.text };
const keyForm: Members = { keyId: form.keyId, publicKey: form.publicKey };
const moduleForm: Members = {
  name: form.name,
  file: form.loaded,
  version: form.text,
  vendor: form.text,
  kind: form.oneOf('base', 'oem'),
  bytes: form.count,
  sha256: form.sha256,
  files: form.list(form.text),
  provides: form.list(form.text),
  requires: form.list(form.text),
  conflicts: form.list(form.text),
  replaces: form.list(form.text),
};
const oemForm: Members = {
  schemaVersion: form.exactly(1),
  type: form.exactly('manifest'),
  origin: form.origin,
  vendor: form.text,
  product: form.text,
  version: form.text,
  build: form.text,
  kernelOptions: form.list(form.text),
  modules: form.list(form.members(moduleForm), 256),
};
const loaderPart = form.members({ bytes: form.count, sha256: form.sha256 });
/** Of {@link LoaderHashes}. */
export const loaderForm: Members = {
  bootCode: loaderPart,
  coreImage: loaderPart,
  bootx64: loaderPart,
  grubCfg: loaderPart,
};
const baseForm: Members = {
  ...oemForm,
  title: form.text,
  securityVersion: form.count,
  minVersion: form.text,
  packages: form.list(form.members(packageForm, packageAboutForm), 256),
  trust: form.list(form.members(keyForm), 64),
};

/**
 * Reads an ORIGIN.json of a bank. Returns one clause where it is no manifest: what was expected, and where.
 * Whether it is signed is another question (src/update/signing/signed-manifest.ts).
 */
export function readBankManifest(bytes: Uint8Array): BankManifest | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return 'expected JSON';
  }
  const origin = (parsed as { origin?: unknown } | null)?.origin;
  const problem =
    origin === baseOrigin
      ? membersProblem(parsed, baseForm, { loader: form.members(loaderForm) })
      : membersProblem(parsed, oemForm);
  if (problem !== undefined) return problem;
  const flat = parsed as Omit<BankManifest, 'base'> & BaseFacts;
  const { vendor, product, version, build, kernelOptions, modules } = flat;
  const { title, securityVersion, minVersion, packages, trust, loader } = flat;
  const wrongKind = modules.find(({ kind }) => (kind === 'base') !== (origin === baseOrigin));
  if (wrongKind) return `module ${wrongKind.name}: expected the kind of ${origin}`;
  return {
    origin: String(origin),
    vendor,
    product,
    version,
    build,
    kernelOptions,
    modules,
    ...(origin === baseOrigin && {
      base: { title, securityVersion, minVersion, packages, trust, ...(loader && { loader }) },
    }),
  };
}
