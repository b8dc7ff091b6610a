import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { rpcClient } from '../../protocol/rpc-client.ts';
import { jsonRpc } from '../../protocol/rpc-dialect.ts';
import { noAnswerCode, RpcError } from '../../protocol/rpc-error.ts';

/** A program that breaks off a connection is asked again after so long. */
const retryMs = 1000;
const answerTimeoutMs = 30_000;

/**
 * Waits until whoever was handed the listening socket at `path` answers: any answer does, that there is no such method as well. Rejects
 * when `signal` is aborted, and only then.
 */
export async function firstAnswer(path: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await askOnce(path, signal);
    } catch {
      // It breaks off, or is not there: for whoever waits that is the same as no answer yet.
      await pause(retryMs, undefined, { signal });
    }
  }
}

async function askOnce(path: string, signal: AbortSignal): Promise<void> {
  const socket = connect(path);
  const end = (): void => void socket.destroy();
  signal.addEventListener('abort', end);
  try {
    await rpcClient(socket, { dialect: jsonRpc }).call('ready', {}, answerTimeoutMs);
  } catch (error) {
    if (!(error instanceof RpcError) || error.code === noAnswerCode) throw error;
  } finally {
    signal.removeEventListener('abort', end);
    socket.destroy();
  }
}
