import { createConnection } from 'node:net';

export const cimSocket = '/run/twinbank/cim/cim.sock';

/** What the agent answered with an error. */
export class CimAnswerError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Asks the CIM agent one thing. Throws CimAnswerError with the agent's code, or `cim.no-agent` where there is no answer. */
export function askCim(
  method: string,
  params: Record<string, unknown>,
  { socket = cimSocket, timeoutMs = 60_000 } = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const connection = createConnection(socket);
    let text = '';
    const fail = (why: string): void => {
      connection.destroy();
      reject(new CimAnswerError('cim.no-agent', `the CIM agent: ${why}`));
    };
    connection.setEncoding('utf8');
    connection.setTimeout(timeoutMs, () => fail(`no answer in ${timeoutMs / 1000} s`));
    connection.on('error', (error) => fail(error.message));
    connection.on('close', () => fail('it went away before it answered'));
    connection.on('data', (chunk: string) => {
      text += chunk;
      if (!text.includes('\n')) return;
      connection.removeAllListeners('close').destroy();
      const { result, error } = JSON.parse(text);
      if (error) reject(new CimAnswerError(error.data?.code ?? 'internal', error.message));
      else resolve(result);
    });
    connection.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`);
  });
}
