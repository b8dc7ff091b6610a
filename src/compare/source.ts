import type { ManifestPackage } from '../bootloader/bank-manifest.ts';
import type { Report } from '../diagnostics/progress.ts';
import type { Described, DescribedBundle, DescribedImage } from './described.ts';

export interface DescribeOptions {
  readonly report?: Report;
  readonly signal?: AbortSignal;
  /** Partition of the bank to compare in full; by default the one that boots next. */
  readonly bank?: number | undefined;
}

/** One side of a comparison: what it is, and the bytes of its modules when they are asked for. */
export interface Source<D extends Described = Described> {
  readonly described: D;
  /** The content of a module by its file name; undefined where it is not there or cannot be read. */
  moduleBytes(file: string): Promise<Uint8Array | undefined>;
  /** The content of a package of the store; undefined as above. */
  packageBytes(one: ManifestPackage): Promise<Uint8Array | undefined>;
  /** The loader's configuration, where there is one. */
  loaderConfig(): string | undefined;
  close(): void;
}

/** A side that has modules. */
export type SystemSource = Source<DescribedImage> | Source<DescribedBundle>;
