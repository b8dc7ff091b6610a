import { createHash } from 'node:crypto';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { ChunkReader } from './chunk-reader.ts';

const blockBytes = 512;

/** Zeros behind a content of so many bytes, up to the next block (POSIX.1-1988 section 10.1.1). */
export function paddingOf(bytes: number): number {
  return (blockBytes - (bytes % blockBytes)) % blockBytes;
}

/** Next bytes of a content, at most `max`, at least one; undefined at its end. `scratch` as in `ChunkReader`. */
export type ReadContent = (max: number, scratch?: Uint8Array) => Promise<Uint8Array | undefined>;

/**
 * Reads one content of a tar and hashes it on the way. Hash and padding are checked before the last bytes are
 * given out, so that nobody has all of a content that is wrong. Throws kind `corrupt`, beginning with `what`:
 * `bundle.truncated`, `bundle.hash`, `bundle.padding`.
 */
export function contentReader(
  input: ChunkReader,
  what: string,
  expected: { readonly bytes: number; readonly sha256: string },
): ReadContent {
  const hash = createHash('sha256');
  let left = expected.bytes;
  let ended = false;

  async function end(): Promise<void> {
    const found = hash.digest('hex');
    if (found !== expected.sha256) {
      throw corrupt('bundle.hash', what, `SHA-256 ${expected.sha256}`, found);
    }
    await assertPadding(input, what, expected.bytes);
    ended = true;
  }

  return async (max, scratch) => {
    if (ended) return undefined;
    const chunk = left > 0 ? await input.some(Math.min(max, left), scratch) : undefined;
    if (chunk !== undefined) {
      hash.update(chunk);
      left -= chunk.length;
    } else if (left > 0) {
      throw truncated(what, expected.bytes, expected.bytes - left);
    }
    if (left === 0) await end();
    return chunk;
  };
}

/** Throws `bundle.padding` or `bundle.truncated` unless zeros fill the block after `bytes` of content. */
export async function assertPadding(
  input: ChunkReader,
  what: string,
  bytes: number,
): Promise<void> {
  const length = paddingOf(bytes);
  if (length === 0) return;
  const padding = await input.exactly(length);
  assertZero(padding, 'bundle.padding', what, `${length} zero bytes after its content`);
  if (padding.length < length) throw truncated(`${what}: padding`, length, padding.length);
}

/** Throws `code` unless every byte is zero; `expected` is what the message calls them. */
export function assertZero(bytes: Uint8Array, code: string, what: string, expected: string): void {
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === 0) continue;
    throw corrupt(code, what, expected, `0x${bytes[at]?.toString(16)} at ${at}`);
  }
}

export function truncated(what: string, bytes: number, found: number): TwinbankError {
  return corrupt('bundle.truncated', what, `${bytes} bytes`, `the end after ${found}`);
}

export function corrupt(
  code: string,
  what: string,
  expected: string,
  found: string,
): TwinbankError {
  const message = `${what}: expected ${expected}, found ${found}`;
  return new TwinbankError('corrupt', code, message, { data: { what, expected, found } });
}
