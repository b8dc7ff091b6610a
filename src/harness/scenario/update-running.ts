import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { notApplicable, type StepContext } from './step-context.ts';

/** What vmkd takes in one line. */
const pieceBytes = 1 << 19;
const pieceMs = 5 * 60_000;

export interface RunningUpdate {
  /** `stream` (default): piece by piece into the bank; `stage`: first into the host's memory. */
  readonly by?: 'stream' | 'stage' | undefined;
  readonly reboot?: boolean | undefined;
}

/** Lets the running system update itself (docs/vmkd.md); returns what became of it. Throws vmkd's words. */
export async function updateRunning(
  context: StepContext,
  bundle: string,
  { by = 'stream', reboot = false }: RunningUpdate,
): Promise<string> {
  const { machine, timeoutMs } = context;
  if (!machine.abilities.has('vmkd')) {
    throw notApplicable(`a ${machine.kind} machine has no vmkd to update it while it runs`);
  }
  const { vmkd } = machine;
  const apply = (source: string) => vmkd.call('update.apply', { source, reboot }, timeoutMs);
  let answer: unknown;
  if (by === 'stage') {
    const name = basename(bundle);
    for await (const { data, offset } of pieces(bundle)) {
      await vmkd.call('update.stage', { name, offset, data }, pieceMs);
    }
    answer = await apply(`/tmp/${name}`);
  } else {
    const applied = apply('-');
    // What the pieces run into is said by the update itself.
    applied.catch(() => {});
    try {
      for await (const { data, end } of pieces(bundle)) {
        await vmkd.call('update.send', { data, end }, pieceMs);
      }
    } catch (error) {
      await applied;
      throw error;
    }
    answer = await applied;
  }
  const { outcome, from, to, bank } = answer as Record<string, unknown>;
  return `${outcome}: ${from} -> ${to}, bank ${bank}`;
}

/** A file in pieces of base64. */
async function* pieces(path: string) {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const piece = Buffer.alloc(pieceBytes);
    for (let offset = 0; offset < size; ) {
      const { bytesRead } = await file.read(piece, 0, pieceBytes, offset);
      const data = piece.subarray(0, bytesRead).toString('base64');
      yield { offset, data, end: offset + bytesRead >= size };
      offset += bytesRead;
    }
  } finally {
    await file.close();
  }
}
