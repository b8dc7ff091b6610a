import type { Duplex } from 'node:stream';
import { TwinbankError } from '../diagnostics/error.ts';
import { onJsonLine } from './json-lines.ts';

/** Asks something that answers one line of JSON for each. */
export interface RpcClient {
  call(method: string, params?: Record<string, unknown>, timeoutMs?: number): Promise<unknown>;
}

type Waiting = { resolve(value: unknown): void; reject(error: Error): void };

/** How the two protocols differ: QMP's words (QEMU docs/interop/qmp-spec) and JSON-RPC 2.0's. */
interface Dialect {
  readonly name: string;
  request(id: number, method: string, params: Record<string, unknown> | undefined): object;
  answer(
    message: Record<string, unknown>,
  ): { result?: unknown; error?: string; code?: unknown } | undefined;
}

const dialects = {
  qmp: {
    name: 'QEMU',
    request: (id, execute, params) => ({ execute, id, ...(params && { arguments: params }) }),
    answer: (message) => {
      if ('error' in message) return { error: textOf(message.error, 'desc') };
      return 'return' in message ? { result: message.return } : undefined;
    },
  },
  vmkd: {
    name: 'vmkd',
    request: (id, method, params) => ({ jsonrpc: '2.0', id, method, ...(params && { params }) }),
    answer: (message) => {
      if ('error' in message) {
        const error = message.error as { data?: { code?: unknown } } | null;
        return { error: textOf(error, 'message'), code: error?.data?.code };
      }
      return 'result' in message ? { result: message.result } : undefined;
    },
  },
} satisfies Record<string, Dialect>;

function textOf(error: unknown, key: string): string {
  return String((error as Record<string, unknown> | null)?.[key] ?? JSON.stringify(error));
}

/**
 * A client over a connected socket. Calls throw kind `boot`: `harness.no-answer` when none came in time or
 * the machine went away, `harness.refused` with the other side's words. `onEvent` hears what answers
 * nothing.
 */
export function rpcClient(
  socket: Duplex,
  dialectName: keyof typeof dialects,
  onEvent: (message: Record<string, unknown>) => void = () => {},
): RpcClient {
  const dialect: Dialect = dialects[dialectName];
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  onJsonLine(socket, (message) => {
    const answer = dialect.answer(message);
    const call = answer && waiting.get(Number(message.id));
    if (!answer || !call) return onEvent(message);
    waiting.delete(Number(message.id));
    if (answer.error === undefined) call.resolve(answer.result);
    else {
      const text = `${dialect.name}: ${answer.error}`;
      // vmkd's own word for it.
      const data = { code: answer.code };
      call.reject(new TwinbankError('boot', 'harness.refused', text, { data }));
    }
  });
  const failAll = (): void => {
    for (const [id, { reject }] of waiting) {
      waiting.delete(id);
      reject(noAnswer(dialect.name, 'the machine went away'));
    }
  };
  socket.once('close', failAll);
  socket.on('error', failAll);
  return {
    call: (method, params, timeoutMs = 30_000) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(noAnswer(dialect.name, 'the machine went away'));
        const id = nextId++;
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(noAnswer(dialect.name, `no answer to ${method} in ${timeoutMs / 1000} s`));
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

function noAnswer(who: string, found: string): TwinbankError {
  return new TwinbankError(
    'boot',
    'harness.no-answer',
    `${who}: expected an answer, found ${found}`,
  );
}
