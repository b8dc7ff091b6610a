import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { rpcClient } from '../../protocol/rpc-client.ts';
import { jsonRpc } from '../../protocol/rpc-dialect.ts';
import { noAnswerCode, RpcError } from '../../protocol/rpc-error.ts';

export interface SocketPeer {
  /** For messages: `the agent cim`. */
  readonly name: string;
  /** Path of its Unix socket. */
  readonly socket: string;
  /** The error's code where there is no answer: `cim.no-agent`. */
  readonly notThereCode: string;
  /** How long an answer may take; default 60 s. */
  readonly timeoutMs?: number;
  /** Characters of an answer; default {@link answerLimit}. */
  readonly limit?: number;
  /** How long one that has just been started may take to be there; default 15 s. */
  readonly connectTimeoutMs?: number;
}

const retryMs = 200;

/** Asks who serves JSON-RPC on a Unix socket one thing. Throws RpcError with the code that it answered, or `notThereCode`. */
export async function callSocket(
  peer: SocketPeer,
  method: string,
  params: Record<string, unknown>,
): Promise<unknown> {
  const connection = await connectInTime(peer);
  try {
    const client = rpcClient(connection, {
      dialect: jsonRpc,
      ...(peer.limit !== undefined && { limit: peer.limit }),
      gone: 'it went away before it answered',
    });
    return await client.call(method, params, peer.timeoutMs ?? 60_000);
  } catch (error) {
    if (!(error instanceof RpcError) || error.code !== noAnswerCode) throw error;
    throw notThere(peer, `: ${error.message}`);
  } finally {
    connection.destroy();
  }
}

async function connectInTime(peer: SocketPeer): Promise<Socket> {
  for (let left = peer.connectTimeoutMs ?? 15_000; ; left -= retryMs) {
    try {
      return await connectOnce(peer.socket);
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      if (!['ENOENT', 'ECONNREFUSED'].includes(code)) throw notThere(peer, `: ${message}`);
      if (left <= 0) throw notThere(peer, ' does not run');
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

function notThere({ name, notThereCode }: SocketPeer, why: string): RpcError {
  return new RpcError(notThereCode, `${name}${why}`);
}
