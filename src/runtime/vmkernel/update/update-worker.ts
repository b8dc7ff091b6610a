import { parentPort, workerData } from 'node:worker_threads';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { applyUpdate } from './apply-update.ts';
import { rollBack } from './roll-back.ts';
import type { PieceMessage, UpdateTask, WorkerMessage } from './update-message.ts';

/**
 * A thread of vmkd that does what reads or writes whole banks: that is synchronous and takes seconds, in
 * which vmkd has to feed watchdogs and answer. It begins at once, says how it ends, and is over.
 */
const task = workerData as UpdateTask;
const say = (message: WorkerMessage): void => parentPort?.postMessage(message);

/** What the caller sends, one piece at a time, each asked for. */
async function* pieces(): AsyncGenerator<Uint8Array> {
  for (;;) {
    const next = new Promise<PieceMessage>((resolve) => parentPort?.once('message', resolve));
    say({ type: 'more' });
    const { piece } = await next;
    if (piece === undefined) return;
    yield piece;
  }
}

try {
  const result =
    task.task === 'apply' ? await applyUpdate(task, pieces, say) : await rollBack(task, say);
  say({ type: 'done', result });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  say({ type: 'failed', code: error instanceof TwinbankError ? error.code : 'internal', message });
}
parentPort?.close();
