import { lstatSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Lock } from '../../../hostcore/host-port.ts';
import { type RunningTask, type StartTask, taskEnded } from '../../../hostcore/update-activity.ts';
import {
  type UpdatePort,
  type UpdateService,
  updateService,
} from '../../../hostcore/update-service.ts';
import type { TaskChannel, TaskResult, UpdateTask } from '../../../hostcore/update-task.ts';
import { internalCode, RpcError } from '../../../protocol/rpc-error.ts';
import { isNoRoom, roomAt } from '../../system/file-room.ts';
import { appendToOwnFile, createOwnFile, removeOwnFile } from '../../system/root-file.ts';
import { withBankLock } from '../boot/bank-pair.ts';
import type { UpdatePlaces, WorkerMessage, WorkerOrder, WorkerReply } from './update-message.ts';
import { workerMessageForm } from './worker-form.ts';

export interface HostUpdates extends Pick<UpdatePort, 'journal' | 'line' | 'end'> {
  /** Where the disk is; undefined while it was not found. */
  places(): UpdatePlaces | undefined;
  /** The worker's program; another one in tests. */
  readonly program?: string;
  /** Default: that of the running system. */
  readonly withBankLock?: Lock;
  /** Where bundles are staged; default `/tmp`. */
  readonly folder?: string;
}

/** Updates of the running system: in a thread, under the lock of the banks, of files in `/tmp`. */
export function hostUpdates(host: HostUpdates): UpdateService {
  const { program = '/usr/lib/twinbank/vmkd-update.mjs', folder } = host;
  return updateService({
    disk() {
      const places = host.places();
      return places && startThread(program, places);
    },
    withBankLock: host.withBankLock ?? withBankLock,
    staged: stagedFiles(folder),
    journal: host.journal,
    line: host.line,
    end: host.end,
  });
}

/** Bundles in a folder, each a new plain file: a name that has anything else is refused. */
export function stagedFiles(folder = '/tmp'): UpdatePort['staged'] {
  return {
    size(name) {
      const found = lstatSync(join(folder, name), { throwIfNoEntry: false });
      return found?.isFile() ? found.size : 0;
    },
    write(name, offset, bytes) {
      const path = join(folder, name);
      try {
        if (offset === 0) createOwnFile(path, bytes, { mode: 0o644 });
        else appendToOwnFile(path, bytes);
      } catch (error) {
        throw isNoRoom(error) ? noRoom(path, offset, bytes.length) : error;
      }
    },
  };
}

/** What was there before is there again: the caller goes on from `offset`, once there is room. */
function noRoom(path: string, offset: number, bytes: number): RpcError {
  if (offset === 0) removeOwnFile(path);
  else truncateSync(path, offset);
  const found = `${roomAt(dirname(path)).free} free: apply or replace what is staged there`;
  const message = `${path}: expected room in memory for ${bytes} bytes more, found ${found}`;
  return new RpcError('update.no-memory', message);
}

function startThread(program: string, places: UpdatePlaces): StartTask {
  return <Task extends UpdateTask>(task: Task, channel: TaskChannel) => {
    const worker = new Worker(program, { workerData: { task, places } satisfies WorkerOrder });
    // What the worker answers to a task is the task's result.
    const result = followThread(worker, channel) as Promise<TaskResult<Task>>;
    const running: RunningTask<TaskResult<Task>> = {
      result,
      cancel: async () => void (await worker.terminate()),
      interrupt: ({ code, message }) => reply(worker, { type: 'cancel', code, message }),
    };
    return running;
  };
}

function reply(worker: Worker, message: WorkerReply): void {
  worker.postMessage(message);
}

function followThread(worker: Worker, channel: TaskChannel): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const hear = (message: WorkerMessage): void => {
      switch (message.type) {
        case 'progress':
          channel.progress(message.event);
          break;
        case 'journal':
          channel.journal(message.event);
          break;
        case 'next-chunk':
          void channel.nextChunk().then((chunk) => reply(worker, { type: 'chunk', chunk }));
          break;
        case 'free-banks':
          channel.freeBanks();
          break;
        case 'take-banks':
          channel.takeBanks().then(() => reply(worker, { type: 'banks' }), reject);
          break;
        case 'done':
          resolve(message.result);
          break;
        case 'failed':
          reject(new RpcError(message.code, message.message));
          break;
      }
    };
    worker.on('message', (message: unknown) => {
      try {
        hear(workerMessageForm(message, "the update's thread"));
      } catch (error) {
        reject(new RpcError(internalCode, (error as Error).message));
        void worker.terminate();
      }
    });
    worker.once('error', ({ message }) => reject(new RpcError(internalCode, message)));
    worker.once('exit', () => reject(taskEnded()));
  });
}
