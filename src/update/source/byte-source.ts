import { TwinbankError } from '../../diagnostics/error.ts';
import { openFileDevice } from '../../disk/file-device.ts';

/** Bytes that are read once, from the first to the last, by whoever needs them next. */
export interface ByteSource {
  /** What it is called in messages: a path, `standard input`, a URL without its password. */
  readonly name: string;
  /** Bytes in all, where known. */
  readonly size?: number | undefined;
  /**
   * Next bytes, at most `max`, at least one; undefined at the end. The bytes are the caller's; they may be the
   * beginning of `scratch`, where that is given and large enough.
   */
  read(max: number, scratch?: Uint8Array): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

/** Large enough that a system call costs nothing, small enough for a host without memory to spare. */
const chunkBytes = 2 ** 20;

/**
 * A plain file or a block device. Throws kind `io` as `openFileDevice` does, `file.not-a-disk` for a
 * directory or pipe among it, and `file.truncated` from a read of what became shorter.
 */
export function fileSource(path: string): ByteSource {
  const file = openFileDevice(path);
  let position = 0;
  return {
    name: path,
    size: file.size,
    async read(max, scratch) {
      const length = Math.min(max, chunkBytes, file.size - position);
      if (length === 0) return undefined;
      // Not by promises: the thread pool costs more than a read of what the kernel has read ahead.
      const bytes = file.read(position, length, scratch);
      position += length;
      return bytes;
    },
    async close() {
      file.close();
    },
  };
}

/** Bytes in memory, each read a copy. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  let position = 0;
  return {
    name,
    size: bytes.length,
    async read(max) {
      if (position === bytes.length) return undefined;
      const chunk = new Uint8Array(bytes.subarray(position, position + max));
      position += chunk.length;
      return chunk;
    },
    async close() {},
  };
}

/**
 * A stream such as standard input. What is not asked for stays in it, so that whoever writes waits; no more
 * than one of its chunks is held here. Errors of the stream become `source.read` (kind `io`). Closing it ends
 * the stream, and a read that waits for it.
 */
export function streamSource(
  name: string,
  stream: NodeJS.ReadableStream | AsyncIterable<Uint8Array>,
): ByteSource {
  const iterator = (stream as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  let waiting = false;

  async function next(): Promise<Uint8Array | undefined> {
    waiting = true;
    try {
      const { done, value } = await iterator.next();
      if (done) return undefined;
      if (value instanceof Uint8Array) return value;
      throw new TypeError(`expected a stream of bytes, found a ${typeof value}`);
    } catch (error) {
      throw asReadError(name, error);
    } finally {
      waiting = false;
    }
  }

  return {
    name,
    async read(max) {
      while (rest.length === 0) {
        const chunk = await next();
        if (chunk === undefined) return undefined;
        rest = chunk;
      }
      const part = rest.subarray(0, max);
      rest = rest.subarray(part.length);
      return part;
    },
    async close() {
      rest = new Uint8Array();
      if (isDestroyable(stream)) {
        stream.destroy();
        return;
      }
      // A generator ends after what it waits for, which may never come.
      const end = Promise.resolve(iterator.return?.()).catch(() => {});
      if (!waiting) await end;
    },
  };
}

function asReadError(name: string, error: unknown): unknown {
  if (error instanceof TwinbankError || error instanceof TypeError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new TwinbankError('io', 'source.read', `${name}: could not read it: ${reason}`, {
    cause: error,
  });
}

function isDestroyable(stream: object): stream is { destroy(): void } {
  return 'destroy' in stream && typeof stream.destroy === 'function';
}
