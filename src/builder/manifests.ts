import type { BankManifest, ManifestModule, ManifestPackage } from '../bootloader/bank-manifest.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import type { LoadedProvider } from '../recipe/provider.ts';
import type { ResolvedRecipe } from '../recipe/schema.ts';
import { combineProblems } from '../update/combine.ts';
import type { PublicKey, SigningKey } from '../update/key.ts';
import type { KeptManifest } from '../update/plan-bank.ts';
import { signBytes } from '../update/signature.ts';
import { encodeManifest } from '../update/signed-manifest.ts';
import type { BuiltModule } from './modules/module.ts';

export interface ManifestParts {
  readonly recipe: ResolvedRecipe;
  readonly modules: readonly BuiltModule[];
  readonly packages: readonly ManifestPackage[];
  /** Signs every manifest, and is trusted by the image beside the keys of the recipe. */
  readonly key: SigningKey;
  readonly trust: readonly PublicKey[];
}

/**
 * The signed manifests of a bank: the base's, then one for each OEM. Throws `oem.*` (kind `recipe`) where
 * they do not go together, with every reason.
 */
export function makeManifests(parts: ManifestParts): KeptManifest[] {
  const providers = parts.modules.flatMap(({ provider }) => provider ?? []);
  const manifests = [
    baseManifest(parts),
    ...providers.map((provider) => oemManifest(provider, parts.modules)),
  ];
  const problems = combineProblems(manifests);
  if (problems[0]) {
    const text = problems.map(({ message }) => message).join('\n');
    throw new TwinbankError('recipe', `oem.${problems[0].code}`, text);
  }
  return manifests.map((manifest) => {
    const bytes = encodeManifest(manifest);
    return { manifest, bytes, signature: signBytes(bytes, [parts.key]) };
  });
}

function baseManifest({ recipe, modules, packages, key, trust }: ManifestParts): BankManifest {
  const build = `${recipe.version}-${recipe.build}`;
  const keys = new Map([...trust, key.public].map((one) => [one.id, one.raw]));
  return {
    origin: 'base',
    vendor: 'twinbank',
    product: recipe.product,
    version: recipe.version,
    build,
    kernelOptions: recipe.kernel.options,
    modules: modules.filter(({ provider }) => !provider).map((one) => manifestModule(one)),
    base: {
      title: recipe.title ?? `${recipe.product} ${build}`,
      securityVersion: recipe.securityVersion,
      minVersion: recipe.minVersion ?? '',
      packages: packages.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })),
      trust: [...keys].sort().map(([keyId, publicKey]) => ({ keyId, publicKey })),
    },
  };
}

function oemManifest(provider: LoadedProvider, modules: readonly BuiltModule[]): BankManifest {
  const { name: origin, vendor, product, version } = provider;
  const own = modules.filter((module) => module.provider === provider);
  return {
    ...{ origin, vendor, product, version, build: version, kernelOptions: [] },
    modules: own.map((one) => manifestModule(one)),
  };
}

function manifestModule(module: BuiltModule): ManifestModule {
  const { name, fileName: file, version, vendor, kind, bytes, sha256, paths, provider } = module;
  const { provides = [], requires = [], conflicts = [], replaces = [] } = provider ?? {};
  const files = paths.map(({ path }) => path);
  return {
    ...{ name, file, version, vendor, kind, bytes, sha256, files },
    ...{ provides, requires, conflicts, replaces },
  };
}
