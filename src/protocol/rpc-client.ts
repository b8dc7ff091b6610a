import type { Duplex } from 'node:stream';
import { onJsonLine } from './json-lines.ts';
import { answerLimit } from './line-splitter.ts';
import type { Dialect } from './rpc-dialect.ts';
import { noAnswerCode, RpcError } from './rpc-error.ts';

/** Asks something that answers one line of JSON for each. */
export interface RpcClient {
  call(method: string, params?: Record<string, unknown>, timeoutMs?: number): Promise<unknown>;
}

export interface RpcClientOptions {
  readonly dialect: Dialect;
  /** Hears what answers nothing. */
  onEvent?(message: Readonly<Record<string, unknown>>): void;
  /** Characters of the longest answer. */
  readonly limit?: number;
  /** What is said of a peer whose connection has ended. */
  readonly gone?: string;
}

/** Lines that answer nothing, one after another, of a peer that has no events to tell. */
const mostOthers = 100;

type Waiting = { resolve(value: unknown): void; reject(error: Error): void };

/**
 * A client over a connected socket: the one reader of what peers answer. A call throws the peer's RpcError, or one with the code
 * `noAnswerCode`: when none came in time, the connection ended, or a line came that is too long to be read (then for every call that
 * waits). Whatever else the peer sends harms nobody; one that sends without end, or what `onEvent` throws at, is cut off.
 */
export function rpcClient(socket: Duplex, options: RpcClientOptions): RpcClient {
  const { dialect, onEvent, limit = answerLimit, gone = 'it went away' } = options;
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  const failAll = (why: string): void => {
    for (const [id, { reject }] of waiting) {
      waiting.delete(id);
      reject(refused(why));
    }
  };
  let others = 0;
  const onOther = (): void => {
    if (!onEvent && ++others > mostOthers)
      socket.destroy(refused(`${others} lines that answer nothing`));
  };
  const onMessage = (message: Record<string, unknown>): void => {
    const answer = dialect.answer(message);
    const call = answer && typeof message.id === 'number' ? waiting.get(message.id) : undefined;
    if (!answer || !call) {
      onEvent?.(message);
      onOther();
      return;
    }
    others = 0;
    waiting.delete(Number(message.id));
    if ('error' in answer) call.reject(answer.error);
    else call.resolve(answer.result);
  };
  onJsonLine(socket, onMessage, {
    limit,
    onOther,
    onTooLong: () => failAll(`an answer of more than ${limit} characters`),
  });
  socket.once('close', () => failAll(gone));
  socket.on('error', (error) => failAll(error instanceof RpcError ? error.message : gone));
  return {
    call: (method, params, timeoutMs = 30_000) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(refused(gone));
        const id = nextId++;
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(refused(`no answer to ${method} in ${timeoutMs / 1000} s`));
        }, timeoutMs);
        const settle = <T>(next: (value: T) => void) => {
          return (value: T): void => {
            clearTimeout(timer);
            next(value);
          };
        };
        waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
        socket.write(`${JSON.stringify(dialect.request(id, method, params))}\n`);
      }),
  };
}

function refused(why: string): RpcError {
  return new RpcError(noAnswerCode, why);
}
