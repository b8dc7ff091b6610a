import type {
  BankManifest,
  LoaderHashes,
  ManifestPackage,
  TrustedKey,
} from '../bootloader/bank-manifest.ts';
import { loaderPartKeys } from '../bootloader/loader-parts.ts';
import type { GptPartition } from '../disk/gpt-entry.ts';
import type { RecipeText } from '../recipe/show.ts';

/** A module as it is on one side. */
export interface DescribedModule {
  readonly name: string;
  /** `vmkernel` or `NAME.v00`. */
  readonly file: string;
  readonly version: string;
  readonly vendor: string;
  readonly kind: string;
  /** Of the manifest that lists it; empty for none. */
  readonly origin: string;
  /** Of the file as it is there; of a module that a bundle leaves out, what its manifest says. */
  readonly bytes: number;
  readonly sha256: string;
  /** `provides X`, `requires X = 1`, in the manifest's order. */
  readonly relations: readonly string[];
  /** Paths that it brings, by its manifest. */
  readonly files: readonly string[];
  /** A relative bundle has the hash of every module, and the content of some. */
  readonly leftOut: boolean;
}

/** One origin's manifest, but for its modules. */
export interface DescribedOrigin {
  readonly origin: string;
  readonly vendor: string;
  readonly version: string;
  /** Ids of the keys that claim to have signed it; whether they have, `verify` judges. */
  readonly signedBy: readonly string[];
}

/** A system as one bank holds it, or as a bundle brings it. */
export interface DescribedSystem {
  /** Empty or 0 where no manifest of the base can be read. */
  readonly product: string;
  readonly version: string;
  readonly build: string;
  readonly title: string;
  readonly securityVersion: number;
  readonly minVersion: string;
  /** The loader that was built with it: the beginning of each part's hash; empty where none is listed. */
  readonly loader: string;
  readonly origins: readonly DescribedOrigin[];
  readonly trust: readonly TrustedKey[];
  /** The words of the kernel command line, as the loader passes them. */
  readonly kernelOptions: readonly string[];
  readonly modules: readonly DescribedModule[];
  readonly packages: readonly ManifestPackage[];
}

/** A bank of an image. */
export interface DescribedBank {
  readonly partition: number;
  readonly build: string | null;
  readonly state: string;
  readonly updated: number | null;
  readonly attempts: number | null;
  readonly verdict: string | null;
  readonly uuid: string | null;
  readonly system: DescribedSystem;
}

/** A file beside the banks: of the loader's volume, of the store, or code that no volume has. */
export interface DescribedFile {
  /** `bootloader`, `store`, `bios-boot` or `mbr`. */
  readonly place: string;
  /** Without a leading `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface DescribedImage {
  readonly kind: 'image';
  readonly path: string;
  readonly format: string;
  /** Bytes of the disk. */
  readonly size: number;
  readonly diskGuid: string;
  readonly partitions: readonly GptPartition[];
  readonly files: readonly DescribedFile[];
  readonly banks: readonly DescribedBank[];
  /** Partition of the bank that is compared in full. */
  readonly bank: number;
  readonly system: DescribedSystem;
  /** What `verify` says of the loader: `right 1.0-1`, `older 1.0-1`, `wrong`, `not-covered`. */
  readonly loader: string;
  /** What is wrong with it, one sentence each. */
  readonly problems: readonly string[];
}

export interface DescribedBundle {
  readonly kind: 'bundle';
  readonly path: string;
  /** Build that it is relative to; null for a full one. */
  readonly from: string | null;
  readonly system: DescribedSystem;
}

export interface DescribedRecipe {
  readonly kind: 'recipe';
  readonly path: string;
  /** The resolved recipe, in text form. */
  readonly recipe: RecipeText;
  /** What set each leaf, by its path: `recipes/default.yaml:12`, `--set`, `default`. */
  readonly origins: Readonly<Record<string, string>>;
}

export type Described = DescribedImage | DescribedBundle | DescribedRecipe;

/** The part of a description that follows from manifests; without a base it is empty. */
export function systemFacts(manifests: readonly BankManifest[]) {
  const base = manifests.find((one) => one.base);
  return {
    product: base?.product ?? '',
    version: base?.version ?? '',
    build: base?.build ?? '',
    title: base?.base?.title ?? '',
    securityVersion: base?.base?.securityVersion ?? 0,
    minVersion: base?.base?.minVersion ?? '',
    loader: loaderText(base?.base?.loader),
    trust: base?.base?.trust ?? [],
    packages: base?.base?.packages ?? [],
  };
}

function loaderText(loader: LoaderHashes | undefined): string {
  if (!loader) return '';
  return loaderPartKeys.map((part) => `${part} ${loader[part].sha256.slice(0, 8)}`).join(', ');
}
