import type { DiskSummary } from '../report/run-event.ts';
import type { BuildOrder } from './builds.ts';

export interface BuiltImage {
  readonly path: string;
  /** `version-build` */
  readonly build: string;
}

export interface FlashedDisk {
  readonly path: string;
  readonly summary: DiskSummary;
}

/**
 * Makes what scenarios flash and install. A product is made once for a run, however many ask for it, and
 * stays until the artifactStore is closed. All throw what building and flashing throw.
 */
export interface ArtifactStore {
  image(order: BuildOrder, signal: AbortSignal): Promise<BuiltImage>;
  /** A bundle of `order`: all of it, or what `from` lacks. */
  bundle(order: BuildOrder, from: BuildOrder | undefined, signal: AbortSignal): Promise<BuiltImage>;
  /** A disk file flashed from an image file; `size` in bytes, default the image's. */
  disk(image: string, size: number | undefined, signal: AbortSignal): Promise<FlashedDisk>;
}
