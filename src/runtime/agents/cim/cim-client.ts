import { createConnection } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export const cimSocket = '/run/twinbank/cim/cim.sock';

/** What the agent answered with an error. */
export class CimAnswerError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface AskOptions {
  readonly socket?: string;
  readonly timeoutMs?: number;
  /** How long an agent that has just been started is waited for. */
  readonly patienceMs?: number;
}

const retryMs = 200;

/** Asks the CIM agent one thing. Throws CimAnswerError with the agent's code, or `cim.no-agent` where there is no answer. */
export async function askCim(
  method: string,
  params: Record<string, unknown>,
  { socket = cimSocket, timeoutMs = 60_000, patienceMs = 15_000 }: AskOptions = {},
): Promise<unknown> {
  for (let left = patienceMs; ; left -= retryMs) {
    const answer = await askOnce(method, params, socket, timeoutMs);
    if (answer !== 'not-there') return answer.result;
    if (left <= 0) throw new CimAnswerError('cim.no-agent', 'the CIM agent does not run');
    await pause(retryMs);
  }
}

function askOnce(
  method: string,
  params: Record<string, unknown>,
  socket: string,
  timeoutMs: number,
): Promise<{ result: unknown } | 'not-there'> {
  return new Promise((resolve, reject) => {
    const connection = createConnection(socket);
    let text = '';
    const fail = (why: string): void => {
      connection.destroy();
      reject(new CimAnswerError('cim.no-agent', `the CIM agent: ${why}`));
    };
    connection.setEncoding('utf8');
    connection.setTimeout(timeoutMs, () => fail(`no answer in ${timeoutMs / 1000} s`));
    connection.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') {
        connection.removeAllListeners('close').destroy();
        resolve('not-there');
      } else fail(error.message);
    });
    connection.on('close', () => fail('it went away before it answered'));
    connection.on('data', (chunk: string) => {
      text += chunk;
      if (!text.includes('\n')) return;
      connection.removeAllListeners('close').destroy();
      const { result, error } = JSON.parse(text);
      if (error) reject(new CimAnswerError(error.data?.code ?? 'internal', error.message));
      else resolve({ result });
    });
    connection.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`);
  });
}
