import type { MessagePort } from 'node:worker_threads';
import { TwinbankError } from '../../../diagnostics/error.ts';
import {
  applyUpdate,
  rollBack,
  type TaskChannel,
  type TaskHost,
} from '../../../hostcore/update-task.ts';
import { internalCode } from '../../../protocol/rpc-error.ts';
import { fileSource } from '../../../update/source/byte-source.ts';
import { withRunningDisk } from './update-disk.ts';
import type { ChunkMessage, WorkerMessage, WorkerOrder } from './update-message.ts';

export interface TaskFiles {
  /** As of `withRunningDisk`. */
  readonly dropCaches?: (path: string) => Promise<void>;
  /** Opens a file of /tmp; another one in tests. */
  readonly openFile?: TaskHost['openFile'];
}

/** Does what a thread is ordered to, and says how it ends; never throws. */
export async function runTask(
  { task, places }: WorkerOrder,
  port: MessagePort,
  { dropCaches, openFile = fileSource }: TaskFiles = {},
): Promise<void> {
  const say = (message: WorkerMessage): void => port.postMessage(message);
  const channel: TaskChannel = {
    progress: (event) => say({ type: 'progress', event }),
    journal: (event) => say({ type: 'journal', event }),
    async nextChunk() {
      const next = new Promise<ChunkMessage>((resolve) => port.once('message', resolve));
      say({ type: 'next-chunk' });
      return (await next).chunk;
    },
  };
  const { running } = places;
  try {
    const result = await withRunningDisk(
      places,
      async (disk) => {
        const host = { disk, running, openFile };
        return task.task === 'apply'
          ? applyUpdate(task.origin, host, channel)
          : rollBack(task.why, host, channel);
      },
      dropCaches,
    );
    say({ type: 'done', result });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof TwinbankError ? error.code : internalCode;
    say({ type: 'failed', code, message });
  }
}
