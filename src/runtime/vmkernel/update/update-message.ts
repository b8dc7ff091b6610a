import type { JournalEvent } from '../../../bootloader/boot-journal.ts';
import type { ProgressEvent } from '../../../diagnostics/progress.ts';
import type { AppliedUpdate, RolledBack, UpdateTask } from '../../../hostcore/update-task.ts';

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

/** What the worker is asked to do; one worker does one thing. */
export interface WorkerOrder {
  readonly places: UpdatePlaces;
  readonly task: UpdateTask;
}

/** What the worker says. */
export type WorkerMessage =
  | { readonly type: 'progress'; readonly event: ProgressEvent }
  | { readonly type: 'journal'; readonly event: JournalEvent }
  /** It wants the caller's next chunk. */
  | { readonly type: 'next-chunk' }
  /** It waits for whoever sends the bundle: others may have the banks. */
  | { readonly type: 'free-banks' }
  | { readonly type: 'take-banks' }
  | { readonly type: 'done'; readonly result: AppliedUpdate | RolledBack }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/** What the worker is told. */
export type WorkerReply =
  /** The chunk of a bundle that it wanted; undefined is the end. */
  | { readonly type: 'chunk'; readonly chunk: Uint8Array | undefined }
  /** It has the banks again. */
  | { readonly type: 'banks' }
  /** It shall end in order, and why. */
  | { readonly type: 'cancel'; readonly code: string; readonly message: string };
