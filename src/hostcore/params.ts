import { RpcError } from '../protocol/rpc-error.ts';

/** A chunk of 512 KiB in base64 fits a line of the protocol. */
const maxChunkBytes = 1 << 19;

/** The error for a parameter that is wrong. */
export function usage(member: string, expected: string, found: unknown): RpcError {
  const text = JSON.stringify(found ?? null).slice(0, 80);
  return new RpcError('usage', `${member}: expected ${expected}, found ${text}`);
}

/** A parameter that is true or false, and false where it is left out. Throws `usage`. */
export function parseFlag(member: string, value: unknown = false): boolean {
  if (typeof value !== 'boolean') throw usage(member, 'true or false', value);
  return value;
}

/** A chunk of a file: at most {@link maxChunkBytes} in base64. Throws `usage`. */
export function parseChunk(data: unknown): Buffer {
  if (typeof data !== 'string') throw usage('data', 'bytes in base64', data);
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length <= maxChunkBytes && bytes.toString('base64') === data) return bytes;
  throw usage('data', `at most ${maxChunkBytes} bytes in base64`, `${bytes.length} bytes`);
}
