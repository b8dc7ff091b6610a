/**
 * What a method foresees and a caller is told: `code` is stable and for programs (`usage`, `cim.not-found`), the
 * message is one sentence. A server sends it as the answer's error, a client throws it: the peer's, or its own with
 * `noAnswerCode`.
 */
export class RpcError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
  }
}

/** The code of a client's own error: no answer came that could be read. No peer can send it (`peerCode`). */
export const noAnswerCode = 'rpc.no-answer';

/** The code of an error that nobody foresaw, and of a peer that sends none. */
export const internalCode = 'internal';

/** The code that a peer sent, which may be anything. */
export function peerCode(code: unknown): string {
  return typeof code === 'string' && code.length <= 64 && code !== noAnswerCode
    ? code
    : internalCode;
}
