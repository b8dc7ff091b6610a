import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { TwinbankError } from '../../diagnostics/error.ts';
import { isPacking, unpack } from '../../host/unpack.ts';

/**
 * The unpacked bytes of a part of a file, as they come: `name` tells by its ending how it is packed
 * (.gz, .xz and .zst by the host's programs, .tar as it is).
 * Throws kind `corrupt` for damaged data, kind `tool-missing`.
 */
export async function* unpackedRange(
  path: string,
  range: { name: string; offset: number; size: number },
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const ending = range.name.slice(range.name.lastIndexOf('.') + 1);
  const { offset, size } = range;
  // An empty range has no last byte that createReadStream could be told.
  const packed: Readable =
    size === 0
      ? createReadStream('/dev/null')
      : createReadStream(path, { start: offset, end: offset + size - 1, highWaterMark: 1 << 18 });
  try {
    for await (const chunk of unpackBy(packed, ending, signal)) {
      signal?.throwIfAborted();
      yield chunk;
    }
  } catch (error) {
    if (error instanceof TwinbankError || signal?.aborted) throw error;
    throw new TwinbankError(
      'corrupt',
      'components.compression',
      `${path}: expected ${range.name} to unpack, found: ${(error as Error).message}`,
      { cause: error },
    );
  } finally {
    packed.destroy();
  }
}

function unpackBy(
  packed: Readable,
  ending: string,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  if (isPacking(ending)) return unpack(packed, ending, { signal });
  if (ending === 'tar') return packed;
  throw new Error(`an unknown compression .${ending}`);
}
