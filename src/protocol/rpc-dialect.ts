import { asObject } from './json-lines.ts';
import { internalCode, peerCode, RpcError } from './rpc-error.ts';

/** What came of a call; `undefined` in place of it: the message answers nothing. */
export type Answer = { readonly result: unknown } | { readonly error: RpcError };

/** How two protocols of lines differ. What a peer sent may have any form. */
export interface Dialect {
  request(id: number, method: string, params: Record<string, unknown> | undefined): object;
  answer(message: Readonly<Record<string, unknown>>): Answer | undefined;
}

/** QEMU's machine protocol (QEMU docs/interop/qmp-spec). Its errors have no stable code. */
export const qmp: Dialect = {
  request: (id, execute, params) => ({ execute, id, ...(params && { arguments: params }) }),
  answer(message) {
    if ('error' in message) {
      return { error: new RpcError(internalCode, textOf(message.error, 'desc')) };
    }
    return 'return' in message ? { result: message.return } : undefined;
  },
};

/** JSON-RPC 2.0 as vmkd and its agents speak it (docs/vmkd.md). */
export const jsonRpc: Dialect = {
  request: (id, method, params) => ({ jsonrpc: '2.0', id, method, ...(params && { params }) }),
  answer(message) {
    // Some write `"error": null` beside a result.
    if ('error' in message && !(message.error === null && 'result' in message)) {
      const { data } = asObject(message.error) ?? {};
      const code = peerCode(asObject(data)?.code);
      return { error: new RpcError(code, textOf(message.error, 'message')) };
    }
    return 'result' in message ? { result: message.result } : undefined;
  },
};

/** So much of a peer's error goes on, to consoles and into other answers. */
const mostCharacters = 4096;

function textOf(error: unknown, key: string): string {
  const text = asObject(error)?.[key];
  return (typeof text === 'string' ? text : JSON.stringify(error)).slice(0, mostCharacters);
}
