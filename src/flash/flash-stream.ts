import { TwinbankError } from '../diagnostics/error.ts';
import type { Report } from '../diagnostics/progress.ts';
import type { Extent } from '../disk/extents.ts';
import { openImage } from '../disk/open-image.ts';
import { verifyImage } from './verify-image.ts';

const pieceBytes = 2 ** 20;

export interface FlashStreamRequest {
  readonly image: string;
  readonly stream: NodeJS.WritableStream;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes every byte of an image, raw, to a stream. Throws what `verifyImage` throws before the first byte,
 * and `flash.stream` (kind `io`) when the reader goes away.
 */
export async function flashStream(request: FlashStreamRequest): Promise<void> {
  const { report, signal, stream } = request;
  const image = openImage(request.image);
  try {
    report({ type: 'step', step: 1, of: 2, title: 'Verify the image' });
    const { extents } = await verifyImage(request.image, image, { report, signal });
    report({ type: 'step', step: 2, of: 2, title: 'Write it' });
    const { size } = image.device;
    const zeros = new Uint8Array(pieceBytes);
    for (let offset = 0; offset < size; offset += pieceBytes) {
      signal?.throwIfAborted();
      const length = Math.min(pieceBytes, size - offset);
      const hasData = overlaps(extents, offset, length);
      const piece = hasData ? image.device.read(offset, length) : zeros.subarray(0, length);
      await send(stream, piece, signal, `${offset} of ${size} bytes`);
      const done = offset + length;
      report({ type: 'progress', task: 'write', done, total: size, unit: 'bytes' });
    }
    report({ type: 'done', task: 'write' });
  } finally {
    image.close();
  }
}

/** Extents are in order, so that the search could be quicker; there are few. */
function overlaps(extents: readonly Extent[], offset: number, length: number): boolean {
  return extents.some((e) => e.offset < offset + length && e.offset + e.length > offset);
}

/** Waits until the stream has taken a piece, or until a signal: a reader may never take it. */
function send(
  stream: NodeJS.WritableStream,
  piece: Uint8Array,
  signal: AbortSignal | undefined,
  progress: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    stream.write(piece, (error) => {
      signal?.removeEventListener('abort', stop);
      if (!error) return resolve();
      const message = `standard output: expected a reader to the end, found it gone after ${progress}`;
      reject(new TwinbankError('io', 'flash.stream', message, { cause: error }));
    });
  });
}
