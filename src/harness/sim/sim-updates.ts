import { setTimeout as pause } from 'node:timers/promises';
import { TwinbankError } from '../../diagnostics/error.ts';
import { type RunningTask, type StartTask, taskEnded } from '../../hostcore/update-activity.ts';
import type { UpdatePort } from '../../hostcore/update-service.ts';
import {
  applyUpdate,
  defaultChunkTimeoutMs,
  rollBack,
  type TaskChannel,
  type TaskHost,
  type TaskResult,
  type UpdateTask,
} from '../../hostcore/update-task.ts';
import type { HostDisk } from '../../update/host-disk.ts';
import { type ByteSource, memorySource } from '../../update/source/byte-source.ts';

/** Updates of a simulated system: in this process, of files in its memory. */
export function simUpdates(
  disk: HostDisk,
  running: number,
  staged: Map<string, Uint8Array>,
): Pick<UpdatePort, 'disk' | 'staged'> {
  const start = startHere({
    disk,
    running,
    openFile: (path) => openStaged(staged, path),
    chunkTimeout: (signal) => pause(defaultChunkTimeoutMs, undefined, { signal, ref: false }),
  });
  return {
    disk: () => start,
    staged: {
      size: (name) => staged.get(name)?.length ?? 0,
      write(name, offset, bytes) {
        const before = staged.get(name)?.subarray(0, offset) ?? new Uint8Array();
        staged.set(name, Buffer.concat([before, bytes]));
      },
    },
  };
}

function startHere(host: TaskHost): StartTask {
  return <Task extends UpdateTask>(task: Task, channel: TaskChannel) => {
    const stopping = new AbortController();
    const { signal } = stopping;
    let ended = false;
    // Of a thread that was ended nothing is heard.
    const heard: TaskChannel = {
      ...channel,
      progress: (event) => ended || channel.progress(event),
      journal: (event) => ended || channel.journal(event),
    };
    const done: Promise<unknown> =
      task.task === 'apply'
        ? applyUpdate(task, host, heard, signal)
        : rollBack(task.why, host, heard);
    const result = done.then(
      (value) => {
        if (ended) throw taskEnded();
        return value;
      },
      (error: unknown) => {
        throw ended ? taskEnded() : error;
      },
    ) as Promise<TaskResult<Task>>;
    const running: RunningTask<TaskResult<Task>> = {
      result,
      async cancel() {
        ended = true;
        stopping.abort();
      },
      interrupt: (why) => stopping.abort(why),
    };
    return running;
  };
}

function openStaged(staged: ReadonlyMap<string, Uint8Array>, path: string): ByteSource {
  const bytes = staged.get(path.replace('/tmp/', ''));
  if (bytes) return memorySource(path, bytes);
  // As `openFileDevice` says it.
  const message = `${path}: could not open it: there is no such file`;
  throw new TwinbankError('io', 'file.not-found', message);
}
