import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { rpcClient } from '../../../protocol/rpc-client.ts';
import { jsonRpc } from '../../../protocol/rpc-dialect.ts';
import { noAnswerCode, RpcError } from '../../../protocol/rpc-error.ts';

export const cimSocket = '/run/twinbank/cim/cim.sock';

export interface AskOptions {
  readonly socket?: string;
  readonly timeoutMs?: number;
  /** How long an agent that has just been started is waited for. */
  readonly patienceMs?: number;
}

const retryMs = 200;

/** Asks the CIM agent one thing. Throws RpcError with the agent's code, or `cim.no-agent` where there is no answer. */
export async function askCim(
  method: string,
  params: Record<string, unknown>,
  { socket = cimSocket, timeoutMs = 60_000, patienceMs = 15_000 }: AskOptions = {},
): Promise<unknown> {
  const connection = await connectPatiently(socket, patienceMs);
  try {
    const gone = 'it went away before it answered';
    return await rpcClient(connection, { dialect: jsonRpc, gone }).call(method, params, timeoutMs);
  } catch (error) {
    if (error instanceof RpcError && error.code === noAnswerCode)
      throw noAgent(`: ${error.message}`);
    throw error;
  } finally {
    connection.destroy();
  }
}

async function connectPatiently(path: string, patienceMs: number): Promise<Socket> {
  for (let left = patienceMs; ; left -= retryMs) {
    try {
      return await connectOnce(path);
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      if (!['ENOENT', 'ECONNREFUSED'].includes(code)) throw noAgent(`: ${message}`);
      if (left <= 0) throw noAgent(' does not run');
    }
    await pause(retryMs);
  }
}

function connectOnce(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}

function noAgent(why: string): RpcError {
  return new RpcError('cim.no-agent', `the CIM agent${why}`);
}
