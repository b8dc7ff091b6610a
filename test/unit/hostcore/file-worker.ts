import { basename, dirname, join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { runTask } from '../../../src/runtime/vmkernel/update/run-task.ts';
import { fileSource } from '../../../src/update/source/byte-source.ts';

// The thread of vmkd, over plain files, which have no buffers that could be flushed; its /tmp is their folder.
if (parentPort) {
  const folder = dirname(workerData.places.store);
  await runTask(workerData, parentPort, {
    dropCaches: async () => {},
    openFile: (path) => ({ ...fileSource(join(folder, basename(path))), name: path }),
  });
  parentPort.close();
}
