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
  | { readonly type: 'done'; readonly result: AppliedUpdate | RolledBack }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/** A chunk of a bundle for a worker that wants one; undefined is its end. */
export interface ChunkMessage {
  readonly chunk: Uint8Array | undefined;
}
