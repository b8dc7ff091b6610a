import { rollBackRunning } from '../../../update/roll-back.ts';
import { withRunningDisk } from './update-disk.ts';
import type { UpdateTask, WorkerMessage } from './update-message.ts';

/** Rolls the running bank back, and says so to the journal. Throws as `rollBackRunning` does. */
export async function rollBack(
  task: UpdateTask & { task: 'rollback' },
  say: (message: WorkerMessage) => void,
): Promise<Record<string, unknown>> {
  return withRunningDisk(task, async (disk) => {
    const bank = await rollBackRunning(disk, task.running);
    say({ type: 'journal', event: { event: 'rollback', bank, why: task.why } });
    return { bank };
  });
}
