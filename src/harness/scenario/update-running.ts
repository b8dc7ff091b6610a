import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type * as z from 'zod';
import { notApplicable, type StepContext } from './step-context.ts';
import { askVmkd, updateAnswer } from './vmkd-answer.ts';

/** What vmkd takes in one line. */
const chunkBytes = 1 << 19;
const chunkTimeoutMs = 5 * 60_000;

export interface RunningUpdate {
  /** `stream` (default): chunk by chunk into the bank; `stage`: first into the host's memory. */
  readonly by?: 'stream' | 'stage' | undefined;
  readonly reboot?: boolean | undefined;
  readonly allowOlder?: boolean | undefined;
}

/** Lets the running system update itself (docs/vmkd.md); returns what became of it. Throws vmkd's words. */
export async function updateRunning(
  context: StepContext,
  bundle: string,
  { by = 'stream', reboot = false, allowOlder = false }: RunningUpdate,
): Promise<string> {
  const { machine, timeoutMs } = context;
  if (!machine.abilities.has('vmkd')) {
    throw notApplicable(`a ${machine.kind} machine has no vmkd to update it while it runs`);
  }
  const { vmkd } = machine;
  const apply = (source: string) => {
    const params = { source, reboot, ...(allowOlder && { allowOlder }) };
    return askVmkd(machine, updateAnswer, 'update.apply', params, timeoutMs);
  };
  let answer: z.output<typeof updateAnswer>;
  if (by === 'stage') {
    const name = basename(bundle);
    for await (const { data, offset } of chunks(bundle)) {
      await vmkd.call('update.stage', { name, offset, data }, chunkTimeoutMs);
    }
    answer = await apply(`/tmp/${name}`);
  } else {
    const applied = apply('-');
    // What the chunks run into is said by the update itself.
    applied.catch(() => {});
    try {
      for await (const { data, end } of chunks(bundle)) {
        await vmkd.call('update.send', { data, end }, chunkTimeoutMs);
      }
    } catch (error) {
      await applied;
      throw error;
    }
    answer = await applied;
  }
  const { outcome, from, to, bank } = answer;
  return `${outcome}: ${from} -> ${to}, bank ${bank}`;
}

/** A file in chunks of base64. */
async function* chunks(path: string) {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const chunk = Buffer.alloc(chunkBytes);
    for (let offset = 0; offset < size; ) {
      const { bytesRead } = await file.read(chunk, 0, chunkBytes, offset);
      const data = chunk.subarray(0, bytesRead).toString('base64');
      yield { offset, data, end: offset + bytesRead >= size };
      offset += bytesRead;
    }
  } finally {
    await file.close();
  }
}
