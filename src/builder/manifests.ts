import { readFileSync } from 'node:fs';
import type {
  BankManifest,
  LoaderHashes,
  ManifestModule,
  ManifestPackage,
} from '../bootloader/bank-manifest.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { quote } from '../diagnostics/quote.ts';
import type { ResolvedRecipe } from '../recipe/schema.ts';
import { bankProblems } from '../update/manifest/bank-problems.ts';
import type { KeptManifest } from '../update/manifest/plan-bank.ts';
import type { PublicKey, SigningKey } from '../update/signing/key.ts';
import { readPublicKey } from '../update/signing/key-file.ts';
import { assertSigned, signBytes } from '../update/signing/signature.ts';
import { encodeManifest } from '../update/signing/signed-manifest.ts';
import type { BuiltModule } from './modules/module.ts';
import type { OemOrigin } from './oem/oem-origin.ts';
import { type OemPlaces, placedMessage } from './oem/oem-places.ts';

interface ManifestParts {
  readonly recipe: ResolvedRecipe;
  readonly modules: readonly BuiltModule[];
  readonly packages: readonly ManifestPackage[];
  /** Signs every manifest, and is trusted by the image beside the keys of the recipe. */
  readonly key: SigningKey;
  readonly trust: readonly PublicKey[];
  /** The loader of the same build; undefined where nothing is built with it. */
  readonly loader?: LoaderHashes;
}

/**
 * The signed manifests of a bank: the base's, then one for each OEM; that of a packed one as it was signed.
 * Throws `oem.*` (kind `recipe`) where they do not go together, with every reason, and kind `corrupt` for a
 * packed one that no trusted key has signed.
 */
export function makeManifests(parts: ManifestParts): KeptManifest[] {
  const { modules, key, trust } = parts;
  const packed = modules.flatMap(({ oem }) => oem?.packed ?? []);
  for (const one of packed) assertPackedTrusted(one, one.path, [...trust, key.public]);
  const manifests = unsignedManifests(parts);
  const problems = bankProblems(manifests);
  if (problems[0]) {
    const places = placesIn(manifests, modules);
    const text = problems.map((problem) => placedMessage(problem, places)).join('\n');
    throw new TwinbankError('recipe', `oem.${problems[0].code}`, text);
  }
  return manifests.map((manifest) => {
    const kept = packed.find((one) => one.manifest === manifest);
    if (kept) return { manifest, bytes: kept.bytes, signature: kept.signature };
    return signManifest(manifest, key);
  });
}

/** The same before anybody has signed them or asked whether they go together. */
export function unsignedManifests(parts: ManifestParts): BankManifest[] {
  const { recipe, modules } = parts;
  const oems = modules.flatMap(({ oem }) => oem ?? []);
  return [
    baseManifest(parts),
    ...oems.map((oem) => oem.packed?.manifest ?? oemManifest(oem, recipe.product, modules)),
  ];
}

/** Where the OEMs of a bank say what is in their manifests, which follow the base's in the modules' order. */
export function placesIn(
  manifests: readonly BankManifest[],
  modules: readonly BuiltModule[],
): (manifest: BankManifest) => OemPlaces | undefined {
  const oems = modules.flatMap(({ oem }) => oem ?? []);
  return (manifest) => oems[manifests.indexOf(manifest) - 1]?.places;
}

/** The keys that a recipe's images trust beside the one that signs them. Throws as `readPublicKey` does. */
export function trustedKeys({ trust }: ResolvedRecipe): PublicKey[] {
  return trust.map(({ path }) => readPublicKey(readFileSync(path), path));
}

export function signManifest(manifest: BankManifest, key: SigningKey): KeptManifest {
  const bytes = encodeManifest(manifest);
  return { manifest, bytes, signature: signBytes(bytes, [key]) };
}

/** Ids of the trusted keys that have signed it. Throws kind `corrupt` as `assertSigned` does, with the way out. */
export function assertPackedTrusted(
  { manifest, bytes, signature }: KeptManifest,
  path: string,
  trusted: readonly PublicKey[],
): string[] {
  try {
    return assertSigned(bytes, signature, trusted, `${path}: ${manifest.origin}.json`);
  } catch (error) {
    if (!(error instanceof TwinbankError) || error.code !== 'signature.untrusted') throw error;
    const { kind, code, data, message } = error;
    const hint = `; get the public key of ${quote(manifest.vendor)} and list it under trust in the recipe`;
    throw new TwinbankError(kind, code, `${message}${hint}`, { data, cause: error });
  }
}

function baseManifest(parts: ManifestParts): BankManifest {
  const { recipe, modules, packages, key, trust, loader } = parts;
  const build = `${recipe.version}-${recipe.build}`;
  const keys = new Map([...trust, key.public].map((one) => [one.id, one.raw]));
  return {
    origin: 'base',
    vendor: 'twinbank',
    product: recipe.product,
    version: recipe.version,
    build,
    kernelOptions: recipe.kernel.options,
    modules: modules.filter(({ oem }) => !oem).map((one) => manifestModule(one)),
    base: {
      title: recipe.title ?? `${recipe.product} ${build}`,
      securityVersion: recipe.securityVersion,
      minVersion: recipe.minVersion ?? '',
      packages: packages.map(manifestPackage),
      trust: [...keys].sort().map(([keyId, publicKey]) => ({ keyId, publicKey })),
      ...(loader && { loader }),
    },
  };
}

/** The manifest of an OEM that is built here, for one product. */
export function oemManifest(
  oem: OemOrigin,
  product: string,
  modules: readonly BuiltModule[],
): BankManifest {
  const { name: origin, vendor, version } = oem;
  const own = modules.filter((module) => module.oem === oem);
  return {
    origin,
    vendor,
    product,
    version,
    build: version,
    kernelOptions: [],
    modules: own.map((one) => manifestModule(one)),
  };
}

/** Without where it is in a store, which each store decides. */
function manifestPackage({ name, bytes, sha256, id, type, version }: ManifestPackage) {
  return {
    name,
    bytes,
    sha256,
    ...(id && { id }),
    ...(type && { type }),
    ...(version && { version }),
  };
}

function manifestModule(module: BuiltModule): ManifestModule {
  const { name, fileName: file, version, vendor, kind, bytes, sha256, paths, oem } = module;
  const base = { provides: module.provides ?? [], requires: module.requires ?? [] };
  const none = { ...base, conflicts: [], replaces: [] };
  const { provides, requires, conflicts, replaces } = oem?.relations ?? none;
  const files = paths.map(({ path }) => path);
  return {
    name,
    file,
    version,
    vendor,
    kind,
    bytes,
    sha256,
    files,
    provides,
    requires,
    conflicts,
    replaces,
  };
}
