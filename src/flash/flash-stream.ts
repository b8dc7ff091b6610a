import { TwinbankError } from '../diagnostics/error.ts';
import type { Extent } from '../disk/extents.ts';
import { openSource, type SourceRequest } from './open-source.ts';
import { verifyImage } from './verify-image.ts';

const chunkBytes = 2 ** 20;

interface FlashStreamRequest extends SourceRequest {
  /** Called when the image is verified. */
  readonly open: () => NodeJS.WritableStream;
  /** What people call it. */
  readonly name: string;
}

/**
 * Writes every byte of an image, raw, to a stream. Throws what `verifyImage` throws before the first byte,
 * and `flash.stream` (kind `io`) when the reader goes away.
 */
export async function flashStream(request: FlashStreamRequest): Promise<{ readonly size: number }> {
  const { report, signal, name } = request;
  const image = await openSource(request);
  try {
    report({ type: 'step', step: 1, of: 2, title: 'Verify the image' });
    const { extents } = await verifyImage(image, { report, signal });
    report({ type: 'step', step: 2, of: 2, title: 'Write it' });
    const { size } = image.device;
    const stream = request.open();
    const zeros = new Uint8Array(chunkBytes);
    for (let offset = 0; offset < size; offset += chunkBytes) {
      signal?.throwIfAborted();
      const length = Math.min(chunkBytes, size - offset);
      const hasData = overlaps(extents, offset, length);
      const chunk = hasData ? image.device.read(offset, length) : zeros.subarray(0, length);
      await send(
        stream,
        chunk,
        signal,
        `${name}: expected a reader to the end, found it gone after ${offset} of ${size} bytes`,
      );
      const done = offset + length;
      report({ type: 'progress', task: 'write', done, total: size, unit: 'bytes' });
    }
    report({ type: 'done', task: 'write' });
    return { size };
  } finally {
    image.close();
  }
}

/** Extents are in order, so that the search could be quicker; there are few. */
function overlaps(extents: readonly Extent[], offset: number, length: number): boolean {
  return extents.some((e) => e.offset < offset + length && e.offset + e.length > offset);
}

/** Waits until the stream has taken a chunk, or until a signal: a reader may never take it. */
function send(
  stream: NodeJS.WritableStream,
  chunk: Uint8Array,
  signal: AbortSignal | undefined,
  broken: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    stream.write(chunk, (error) => {
      signal?.removeEventListener('abort', stop);
      if (!error) return resolve();
      reject(new TwinbankError('io', 'flash.stream', broken, { cause: error }));
    });
  });
}
