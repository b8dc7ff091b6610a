import type { JournalEvent } from '../bootloader/boot-journal.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import type { ProgressEvent } from '../diagnostics/progress.ts';
import type { Method } from '../protocol/json-rpc.ts';
import { internalCode, RpcError } from '../protocol/rpc-error.ts';
import { type ChunkQueue, chunkQueue } from './chunk-queue.ts';
import type { Ending } from './host-port.ts';
import { mutex } from './mutex.ts';
import { parseChunk, parseFlag, usage } from './params.ts';
import {
  type AppliedUpdate,
  parseOrigin,
  type TaskChannel,
  type TaskResult,
  type UpdateTask,
} from './update-task.ts';

/** A task that runs: in a thread of its own on a host, in its process on a simulated one. */
export interface RunningTask<Result> {
  /** Rejects with an error that has the `code` of what went wrong. */
  readonly result: Promise<Result>;
  /** Ends it; over when it has ended. `result` then rejects with {@link taskEnded}. */
  cancel(): Promise<void>;
}

/** Begins a task on the disk that the system runs from. */
export type StartTask = <Task extends UpdateTask>(
  task: Task,
  channel: TaskChannel,
) => RunningTask<TaskResult<Task>>;

export interface UpdatePort {
  /** Undefined while the disk of the bank was not found. */
  disk(): StartTask | undefined;
  /** As of `HostBanks.withPair`. */
  withBankLock<T>(work: () => Promise<T>): Promise<T>;
  /** Bundles in `/tmp`, by their names. */
  readonly staged: {
    /** Bytes that are there; 0 where there is no such file. */
    size(name: string): number;
    /** Writes from `offset` on, which is 0 or the end. */
    write(name: string, offset: number, bytes: Uint8Array): void;
  };
  /** Never throws. */
  journal(event: JournalEvent): void;
  /** One line for people. */
  line(text: string): void;
  /** Ends the system once the answer has gone out. */
  end(how: Ending, why: string): void | Promise<void>;
}

export interface UpdateService {
  readonly methods: Readonly<Record<string, Method>>;
  /** Ends what runs, so that the system can end: the bank that is written stays INVALID. Nothing begins any more after it. */
  cancel(): Promise<void>;
}

/** The error of a task that was ended from outside. */
export function taskEnded(): RpcError {
  return new RpcError('update.ended', 'the update was ended');
}

/** What is known of an update while it runs. */
interface Activity {
  readonly chunks: ChunkQueue;
  running?: RunningTask<unknown>;
  step?: ProgressEvent;
  progress?: ProgressEvent;
}

/** Updates and rollback of the running system, as methods of vmkd's protocol (docs/vmkd.md). */
export function updateService(port: UpdatePort): UpdateService {
  let activity: Activity | undefined;
  let last: AppliedUpdate | { readonly failed: string } | undefined;
  let isEnding = false;
  const inOrder = mutex();

  function channelOf(current: Activity): TaskChannel {
    return {
      journal: port.journal,
      nextChunk: () => current.chunks.next(),
      progress(event) {
        if (event.type === 'step') {
          current.step = event;
          port.line(`update: ${event.title}`);
        } else if (event.type === 'progress') current.progress = event;
        else if (event.type === 'warning') port.line(`update: ${event.text}`);
      },
    };
  }

  /** One at a time: what is asked for meanwhile is refused, not kept waiting for minutes. */
  async function alone<Task extends UpdateTask>(task: Task): Promise<TaskResult<Task>> {
    if (isEnding) throw taskEnded();
    if (activity) {
      throw new RpcError('update.busy', 'expected no other update, found one that runs');
    }
    const start = port.disk();
    if (!start) throw new RpcError('update.no-disk', 'expected the disk of the bank, found none');
    // Now, and not when the task begins: a caller may be waiting with its first chunk by then.
    const current: Activity = { chunks: chunkQueue() };
    activity = current;
    try {
      return await port.withBankLock(async () => {
        // The system may have begun to end while this waited for the banks.
        if (isEnding) throw taskEnded();
        const running = start(task, channelOf(current));
        current.running = running;
        return running.result;
      });
    } catch (error) {
      throw asRpcError(error);
    } finally {
      activity = undefined;
      current.chunks.close();
    }
  }

  async function apply(params: Record<string, unknown>) {
    const origin = parseOrigin(params.source);
    const reboot = parseFlag('reboot', params.reboot);
    const done = await alone({ task: 'apply', origin }).catch((error: Error) => {
      last = { failed: error.message };
      port.line(`update failed: ${error.message}`);
      throw error;
    });
    last = done;
    const { outcome, from, to, bank } = done;
    port.line(`update ${outcome}: ${from} -> ${to}, bank ${bank}`);
    const rebooting = reboot && (outcome === 'updated' || outcome === 'waiting');
    if (rebooting) await port.end('reboot', `update to ${to}`);
    return { ...done, rebooting };
  }

  async function send({ data, end = false }: Record<string, unknown>) {
    const chunk = data === undefined ? undefined : parseChunk(data);
    const chunks = activity?.chunks;
    if (!chunks || !(await chunks.wanted())) {
      throw new RpcError('update.not-wanted', 'expected an update that takes chunks, found none');
    }
    if (chunk) chunks.give(chunk);
    // An update that reads no further has all that it needs, or says itself what went wrong.
    if (end === true && (await chunks.wanted())) chunks.give(undefined);
    return { bytes: chunk?.length ?? 0 };
  }

  function stage({ name, offset, data }: Record<string, unknown>) {
    if (typeof name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
      throw usage('name', 'a file name', name);
    }
    const bytes = parseChunk(data);
    const there = port.staged.size(name);
    if (typeof offset !== 'number' || (offset !== 0 && offset !== there)) {
      throw usage('offset', `0 or ${there}`, offset);
    }
    port.staged.write(name, offset, bytes);
    return { path: `/tmp/${name}`, bytes: offset + bytes.length };
  }

  async function rollback(params: Record<string, unknown>) {
    const reboot = parseFlag('reboot', params.reboot);
    const why = 'asked for by the management interface';
    const done = await alone({ task: 'rollback', why });
    port.line(`bank ${done.bank} rolled back: ${why}`);
    if (reboot) await port.end('reboot', 'rollback');
    return { ...done, rebooting: reboot };
  }

  return {
    methods: {
      'update.apply': apply,
      'update.send': (params) => inOrder(() => send(params)),
      'update.stage': stage,
      'update.status': () => ({
        running: activity !== undefined,
        step: activity?.step ?? null,
        progress: activity?.progress ?? null,
        last: last ?? null,
      }),
      'bank.rollback': rollback,
    },
    cancel: async () => {
      isEnding = true;
      const ended = activity?.running?.cancel();
      // One that waits for a chunk would wait for ever.
      activity?.chunks.close();
      await ended;
    },
  };
}

/** What a program is told of an error that was not foreseen is that it was not. */
function asRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  const { message } = error as Error;
  return new RpcError(error instanceof TwinbankError ? error.code : internalCode, message);
}
