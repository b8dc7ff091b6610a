import type {
  BankManifest,
  BaseFacts,
  ManifestModule,
  TrustedKey,
} from '../../../src/bootloader/bank-manifest.ts';
import {
  type PublicKey,
  privateKeyOfSeed,
  type SigningKey,
  signingKeyOf,
} from '../../../src/update/signing/key.ts';
import { signBytes } from '../../../src/update/signing/signature.ts';
import {
  encodeManifest,
  type SignedManifest,
} from '../../../src/update/signing/signed-manifest.ts';
import { payload } from '../disk/fat/trees.ts';
import { sha256 } from './bundle/small-bundle.ts';

/** The same key for the same number. */
export function keyOf(seed: number): SigningKey {
  return signingKeyOf(privateKeyOfSeed(new Uint8Array(32).fill(seed)));
}

export const keys = { release: keyOf(1), next: keyOf(2), acme: keyOf(3), stranger: keyOf(4) };

/** Keys as a manifest lists them. */
export function trust(...of: readonly SigningKey[]): TrustedKey[] {
  return of.map(({ public: { id: keyId, raw: publicKey } }) => ({ keyId, publicKey }));
}

export function publicOf(...of: readonly SigningKey[]): PublicKey[] {
  return of.map((key) => key.public);
}

/** Contents by hash: of every module that was ever made here. */
const contents = new Map<string, Uint8Array>();
let lastSeed = 0;

/** The bytes of a module that {@link moduleOf} made. */
export function contentOf({ sha256: hash }: { sha256: string }): Uint8Array {
  const content = contents.get(hash);
  if (!content) throw new Error(`no content ${hash}`);
  return content;
}

/** So many random bytes that {@link contentOf} finds again, as a manifest lists a package or module. */
export function fileOf(bytes: number): { bytes: number; sha256: string } {
  const content = payload(bytes, ++lastSeed);
  contents.set(sha256(content), content);
  return { bytes, sha256: sha256(content) };
}

/** A module with contents of its own; what is given replaces what it would be. */
export function moduleOf(name: string, more: Partial<ManifestModule> = {}): ManifestModule {
  return {
    ...{ name, file: name === 'vmkernel' ? name : `${name}.v00`, version: '1.0' },
    ...{ vendor: 'twinbank', kind: 'base', files: [] },
    ...{ provides: [], requires: [], conflicts: [], replaces: [] },
    ...fileOf(more.bytes ?? 2000),
    ...more,
  };
}

export interface BaseParts extends Partial<Omit<BankManifest, 'base'>>, Partial<BaseFacts> {}

/** A base of kernel, initramfs and an engine that brings two files, trusting the release key. */
export function baseOf(parts: BaseParts = {}): BankManifest {
  const { title, securityVersion, minVersion, packages, trust: trusted, loader, ...more } = parts;
  const version = parts.version ?? '1.0';
  return {
    ...{ origin: 'base', vendor: 'twinbank', product: 'twinbank', version, build: `${version}-1` },
    kernelOptions: ['quiet'],
    modules: baseModules,
    ...more,
    base: {
      title: title ?? `twinbank ${version}`,
      securityVersion: securityVersion ?? 0,
      minVersion: minVersion ?? '',
      packages: packages ?? [],
      trust: trusted ?? trust(keys.release),
      ...(loader && { loader }),
    },
  };
}

export const baseModules: readonly ManifestModule[] = [
  moduleOf('vmkernel', { bytes: 9000 }),
  moduleOf('boot', { files: ['init'] }),
  moduleOf('engine', { bytes: 30_000, files: ['bin/node', 'lib/libc.so.6'] }),
];

/** An OEM with one module of its name, which brings a file. */
export function oemOf(
  origin: string,
  more: Partial<BankManifest> = {},
  module: Partial<ManifestModule> = {},
): BankManifest {
  const version = more.version ?? '1.0';
  const own = { kind: 'oem', vendor: 'ACME', version, files: [`opt/${origin}/tool`] } as const;
  return {
    ...{ origin, vendor: 'ACME', product: 'twinbank', version, build: version },
    kernelOptions: [],
    modules: [moduleOf(origin, { ...own, ...module })],
    ...more,
  };
}

/** A manifest as a bank or bundle holds it, signed with the release key unless told. */
export function sign(
  manifest: BankManifest,
  ...by: readonly SigningKey[]
): SignedManifest & { manifest: BankManifest } {
  const bytes = encodeManifest(manifest);
  const signers = by.length > 0 ? by : [keys.release];
  const keyIds = signers.map((key) => key.public.id);
  return { manifest, bytes, signature: signBytes(bytes, signers), keyIds };
}
