import type { StoredArchive } from './describe-archive.ts';
import type { ModuleInventory } from './inventory.ts';

/** A module of a system, and what is known of its content. */
export interface ListedModule {
  readonly name: string;
  readonly file: string;
  readonly version: string;
  readonly vendor: string;
  readonly kind: string;
  readonly sha256: string;
  /** Undefined where it carries none, or cannot be read. */
  readonly inventory: ModuleInventory | undefined;
}

/** All that is known of what a system consists of: at a build, or as an image or a bundle carries it. */
export interface SystemInventory {
  readonly product: string;
  /** `VERSION-BUILD` */
  readonly build: string;
  /** In the loader's order. */
  readonly modules: readonly ListedModule[];
  readonly store: readonly StoredArchive[];
  /** A bundle has no loader. */
  readonly loader: ModuleInventory | undefined;
}
