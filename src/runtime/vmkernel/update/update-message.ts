import type { JournalEvent } from '../../../bootloader/boot-journal.ts';
import type { ProgressEvent } from '../../../diagnostics/progress.ts';

/** Where the partitions of the running system's disk are. */
export interface UpdatePlaces {
  /** Partition of the bank that runs. */
  readonly running: number;
  readonly banks: readonly {
    readonly number: number;
    readonly firstLba: number;
    readonly device: string;
  }[];
  /** Undefined where there is no store. */
  readonly store: string | undefined;
}

/** Where a bundle comes from: a file in /tmp, an http or https URL, or the caller, piece by piece. */
export type BundleOrigin =
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'url'; readonly url: string }
  | { readonly from: 'caller' };

/** What the worker is asked to do; one worker does one thing. */
export type UpdateTask = UpdatePlaces &
  (
    | { readonly task: 'apply'; readonly origin: BundleOrigin }
    | { readonly task: 'rollback'; readonly why: string }
  );

/** What the worker says. */
export type WorkerMessage =
  | { readonly type: 'progress'; readonly event: ProgressEvent }
  | { readonly type: 'journal'; readonly event: JournalEvent }
  /** It wants the caller's next piece. */
  | { readonly type: 'more' }
  | { readonly type: 'done'; readonly result: Readonly<Record<string, unknown>> }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/** A piece of a bundle for a worker that wants one; undefined is its end. */
export interface PieceMessage {
  readonly piece: Uint8Array | undefined;
}
