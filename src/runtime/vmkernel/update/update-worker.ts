import { parentPort, workerData } from 'node:worker_threads';
import { runTask } from './run-task.ts';

/**
 * A thread of vmkd that does what reads or writes whole banks: that is synchronous and takes seconds, in
 * which vmkd has to feed watchdogs and answer. It begins at once, says how it ends, and is over.
 */
if (parentPort) {
  await runTask(workerData, parentPort);
  parentPort.close();
}
