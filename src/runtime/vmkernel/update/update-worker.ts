import { parentPort, workerData } from 'node:worker_threads';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { applyUpdate, rollBack, type TaskChannel } from '../../../hostcore/update-task.ts';
import { fileSource } from '../../../update/source/byte-source.ts';
import { withRunningDisk } from './update-disk.ts';
import type { ChunkMessage, WorkerMessage, WorkerOrder } from './update-message.ts';

/**
 * A thread of vmkd that does what reads or writes whole banks: that is synchronous and takes seconds, in
 * which vmkd has to feed watchdogs and answer. It begins at once, says how it ends, and is over.
 */
const { task, places } = workerData as WorkerOrder;
const say = (message: WorkerMessage): void => parentPort?.postMessage(message);
const channel: TaskChannel = {
  progress: (event) => say({ type: 'progress', event }),
  journal: (event) => say({ type: 'journal', event }),
  async nextChunk() {
    const next = new Promise<ChunkMessage>((resolve) => parentPort?.once('message', resolve));
    say({ type: 'next-chunk' });
    return (await next).chunk;
  },
};

try {
  const result = await withRunningDisk(places, async (disk) => {
    const host = { disk, running: places.running, openFile: fileSource };
    return task.task === 'apply'
      ? applyUpdate(task.origin, host, channel)
      : rollBack(task.why, host, channel);
  });
  say({ type: 'done', result });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  say({ type: 'failed', code: error instanceof TwinbankError ? error.code : 'internal', message });
}
parentPort?.close();
