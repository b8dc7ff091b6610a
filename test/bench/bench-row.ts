import type { ProgressEvent } from '../../src/diagnostics/progress.ts';

/** What a row of the benchmark gets: a folder of its own, and the command line as it is shipped. */
export interface BenchContext {
  /** Empty, on the disk that the repository is on, and gone afterwards. */
  readonly folder: string;
  /** The repository. */
  readonly root: string;
  /** dist/twinbank.js of the build that this program belongs to. */
  readonly program: string;
  readonly report: (event: ProgressEvent) => void;
}

/** Two ways to the same result, or one whose seconds alone count. */
export interface Contest {
  /** Makes both sides equal before each run; not measured. */
  reset?(): Promise<void>;
  /** Returns milliseconds where it takes the time itself, as some of what it has to do does not count. */
  ours(): Promise<number | undefined> | Promise<void>;
  theirs?(): Promise<void>;
  /** Throws unless both made the same; after the last run. */
  compare?(): Promise<void>;
  /** Process ids of what runs all the time and works for either side; their processor time counts as well. */
  daemons?(): readonly number[];
  /** Ends what setUp has started; whatever happened. */
  tearDown?(): Promise<void>;
}

/** Two files for the same purpose: no matter of time. */
export interface Sizes {
  readonly oursBytes: number;
  readonly theirsBytes: number;
}

/** A row of the benchmark; `registry.ts` has them all. */
export interface BenchRow {
  readonly name: string;
  /** What is measured, against what: one line under the table. */
  readonly meaning: string;
  /** Measured runs of each side, after one that is not; of sizes one. */
  readonly runs: number;
  /** Ratio (ours / theirs; of times, of their medians), or seconds where nobody else does it, that must not be exceeded. */
  readonly target: { readonly ratio: number } | { readonly seconds: number };
  setUp(context: BenchContext): Promise<Contest | Sizes>;
}
