import { closeSync, lstatSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import { TwinbankError } from '../../../diagnostics/error.ts';
import {
  applyUpdate,
  defaultChunkTimeoutMs,
  rollBack,
  type TaskChannel,
  type TaskHost,
} from '../../../hostcore/update-task.ts';
import { internalCode } from '../../../protocol/rpc-error.ts';
import { type ByteSource, fileSource } from '../../../update/source/byte-source.ts';
import { openOwnFile } from '../../system/root-file.ts';
import { withRunningDisk } from './update-disk.ts';
import type { WorkerMessage, WorkerOrder, WorkerReply } from './update-message.ts';

export interface TaskFiles {
  /** As of `withRunningDisk`. */
  readonly dropCaches?: (path: string) => Promise<void>;
  /** Opens a file of /tmp; another one in tests. */
  readonly openFile?: TaskHost['openFile'];
}

const chunkTimeout = (signal: AbortSignal): Promise<void> =>
  pause(defaultChunkTimeoutMs, undefined, { signal });

/** Does what a thread is ordered to, and says how it ends; never throws. */
export async function runTask(
  { task, places }: WorkerOrder,
  port: MessagePort,
  { dropCaches, openFile = openStaged }: TaskFiles = {},
): Promise<void> {
  const say = (message: WorkerMessage): void => port.postMessage(message);
  const stopping = new AbortController();
  // One of each is asked for at a time.
  let onChunk = (_chunk: Uint8Array | undefined): void => {};
  let onBanks = (): void => {};
  port.on('message', (reply: WorkerReply) => {
    switch (reply.type) {
      case 'chunk':
        return onChunk(reply.chunk);
      case 'banks':
        return onBanks();
      case 'cancel':
        return stopping.abort(new TwinbankError('refused', reply.code, reply.message));
    }
  });
  const channel: TaskChannel = {
    progress: (event) => say({ type: 'progress', event }),
    journal: (event) => say({ type: 'journal', event }),
    nextChunk: () =>
      new Promise((resolve) => {
        onChunk = resolve;
        say({ type: 'next-chunk' });
      }),
    freeBanks: () => say({ type: 'free-banks' }),
    takeBanks: () =>
      new Promise((resolve) => {
        onBanks = resolve;
        say({ type: 'take-banks' });
      }),
  };
  const { running } = places;
  try {
    const result = await withRunningDisk(
      places,
      async (disk) => {
        const host = { disk, running, openFile, chunkTimeout };
        return task.task === 'apply'
          ? applyUpdate(task, host, channel, stopping.signal)
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

/** A bundle in /tmp: a plain file of root's. One that is not there is told as everywhere; a pipe would hold the banks for ever. */
export function openStaged(path: string): ByteSource {
  if (lstatSync(path, { throwIfNoEntry: false })) {
    try {
      closeSync(openOwnFile(path));
    } catch (error) {
      throw new TwinbankError('io', 'file.not-own', (error as Error).message);
    }
  }
  return fileSource(path);
}
