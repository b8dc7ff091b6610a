import type { JournalEvent } from '../bootloader/boot-journal.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import type { ProgressEvent } from '../diagnostics/progress.ts';
import { internalCode, RpcError } from '../protocol/rpc-error.ts';
import { type ChunkQueue, chunkQueue } from './chunk-queue.ts';
import { type HeldLock, heldLock } from './held-lock.ts';
import type { Lock } from './host-port.ts';
import { cancelled, type TaskChannel, type TaskResult, type UpdateTask } from './update-task.ts';

/** A task that runs: in a thread of its own on a host, in its process on a simulated one. */
export interface RunningTask<Result> {
  /** Rejects with an error that has the `code` of what went wrong. */
  readonly result: Promise<Result>;
  /** Ends it; over when it has ended. `result` then rejects with {@link taskEnded}. */
  cancel(): Promise<void>;
  /** Asks it to end in order: `result` rejects with `why`, or resolves where that came too late. */
  interrupt(why: TwinbankError): void;
}

/** Begins a task on the disk that the system runs from. */
export type StartTask = <Task extends UpdateTask>(
  task: Task,
  channel: TaskChannel,
) => RunningTask<TaskResult<Task>>;

export interface ActivityPort {
  /** Undefined while the disk of the bank was not found; throws why nothing may be written to it. */
  disk(): StartTask | undefined;
  /** As of `HostBanks.withPair`. */
  readonly withBankLock: Lock;
  /** Never throws. */
  journal(event: JournalEvent): void;
  /** One line for people. */
  line(text: string): void;
}

/** What is known of a task while it runs. */
interface Activity {
  readonly task: UpdateTask['task'];
  readonly chunks: ChunkQueue;
  running?: RunningTask<unknown>;
  cancelled?: TwinbankError;
  step?: ProgressEvent;
  progress?: ProgressEvent;
  /** Is over when it has ended: whether without what it was to do. */
  over: Promise<boolean>;
}

/**
 * The one task on whole banks that may run at a time:
 *
 *     none ── run() ──> waits for the banks ──> runs ────────────────────> none
 *                        └── cancel(): it      └── cancel(): it ends in
 *                            never begins          order, or is complete
 *     end(), at any time: what runs is ended, and nothing begins any more
 *
 * It has the banks while it works on them, and never while it waits for whoever sends the bundle.
 */
export interface UpdateActivity {
  /**
   * Runs a task; one that somebody waits for is cancelled once that caller has `gone`. What is asked for meanwhile is refused, not
   * kept waiting for minutes. Throws RpcError.
   */
  run<Task extends UpdateTask>(task: Task, gone?: AbortSignal): Promise<TaskResult<Task>>;
  /** What runs now. */
  now(): Activity | undefined;
  /** Cancels an update; over when it has ended: false where it was complete before. Throws `update.not-running` where there is none. */
  cancel(why: string): Promise<boolean>;
  end(): Promise<void>;
}

/** The error of a task that was ended from outside. */
export function taskEnded(): RpcError {
  return new RpcError('update.ended', 'the update was ended');
}

export function updateActivity(port: ActivityPort): UpdateActivity {
  let activity: Activity | undefined;
  let isEnding = false;

  async function run<Task extends UpdateTask>(
    task: Task,
    gone?: AbortSignal,
  ): Promise<TaskResult<Task>> {
    if (isEnding) throw taskEnded();
    if (activity) {
      throw new RpcError('update.busy', 'expected no other update, found one that runs');
    }
    const start = openDisk();
    if (!start) throw new RpcError('update.no-disk', 'expected the disk of the bank, found none');
    // Now, and not when the task begins: a caller may be waiting with its first chunk by then.
    const current: Activity = {
      task: task.task,
      chunks: chunkQueue(),
      over: Promise.resolve(true),
    };
    activity = current;
    const leave = (): void => stop(current, 'its caller has gone');
    if (gone?.aborted) leave();
    gone?.addEventListener('abort', leave);
    const done = work(task, start, current);
    current.over = done.then(
      () => false,
      () => true,
    );
    try {
      return await done;
    } finally {
      gone?.removeEventListener('abort', leave);
    }
  }

  function openDisk(): StartTask | undefined {
    try {
      return port.disk();
    } catch (error) {
      throw asRpcError(error);
    }
  }

  async function work<Task extends UpdateTask>(
    task: Task,
    start: StartTask,
    current: Activity,
  ): Promise<TaskResult<Task>> {
    const banks = heldLock(port.withBankLock);
    try {
      await banks.take();
      // The system may have begun to end while this waited for the banks.
      if (isEnding) throw taskEnded();
      if (current.cancelled) throw current.cancelled;
      const running = start(task, channelOf(current, banks));
      current.running = running;
      return await running.result;
    } catch (error) {
      throw asRpcError(error);
    } finally {
      banks.close();
      activity = undefined;
      current.chunks.close();
    }
  }

  function channelOf(current: Activity, banks: HeldLock): TaskChannel {
    return {
      journal: port.journal,
      nextChunk: () => current.chunks.next(),
      freeBanks: banks.free,
      takeBanks: banks.take,
      progress(event) {
        if (event.type === 'step') {
          current.step = event;
          port.line(`update: ${event.title}`);
        } else if (event.type === 'progress') current.progress = event;
        else if (event.type === 'warning') port.line(`update: ${event.text}`);
      },
    };
  }

  return {
    run,
    now: () => activity,
    async cancel(why) {
      if (activity?.task !== 'apply') {
        throw new RpcError('update.not-running', 'expected an update that runs, found none');
      }
      stop(activity, why);
      return activity.over;
    },
    async end() {
      isEnding = true;
      const ended = activity?.running?.cancel();
      // One that waits for a chunk would wait for ever.
      activity?.chunks.close();
      await ended;
    },
  };
}

/** The first reason counts. The task hears it before it finds that no chunk comes any more. */
function stop(current: Activity, why: string): void {
  current.cancelled ??= cancelled(why);
  current.running?.interrupt(current.cancelled);
  current.chunks.close();
}

/** What a program is told of an error that was not foreseen is that it was not. */
function asRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  const { message } = error as Error;
  return new RpcError(error instanceof TwinbankError ? error.code : internalCode, message);
}
