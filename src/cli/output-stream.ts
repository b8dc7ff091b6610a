import { close, constants, createWriteStream, fstatSync, open } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { TwinbankError } from '../diagnostics/error.ts';
import type { OutputPlace } from '../disk/output-place.ts';

/** So often it is asked whether a pipe has a reader by now. */
const readerPollMs = 50;

/** How long a reader is waited for: until a signal, and so much longer. */
export interface WaitLimits {
  readonly signal: AbortSignal;
  readonly graceMs?: number | undefined;
}

interface SpecialOutput {
  readonly stream: Writable;
  /** When all of it is taken. */
  end(): Promise<void>;
  /** Closes it, whatever became of it; later it does nothing. */
  destroy(): void;
}

/**
 * Opens what is no plain file, to write into it: a pipe, for whose reader it waits until a signal, a device, or a
 * descriptor that this program was started with. Throws errors of the operating system.
 */
export async function openSpecial(
  place: Exclude<OutputPlace, { kind: 'file' }>,
  limits: WaitLimits,
): Promise<SpecialOutput> {
  const fd = await openPlace(place, limits);
  const stat = fstatSync(fd);
  const isOurs = place.kind !== 'descriptor';
  const isStandard = !isOurs && fd <= 2;
  // A thread that waits for the reader of a pipe would keep the process from ending. Of our own three nobody closes one.
  const isPipe = !isStandard && (stat.isFIFO() || stat.isSocket());
  const stream: Writable = isPipe
    ? new Socket({ fd, readable: false, writable: true })
    : createWriteStream('', { fd, autoClose: isOurs });
  // `sendTo` hears of it by the callback of its write.
  stream.on('error', () => {});
  return {
    stream,
    async end() {
      const done = finished(stream, { readable: false });
      stream.end();
      await done;
    },
    destroy() {
      if (isOurs || isPipe) stream.destroy();
    },
  };
}

async function openPlace(
  place: Exclude<OutputPlace, { kind: 'file' }>,
  { signal, graceMs = 0 }: WaitLimits,
): Promise<number> {
  if (place.kind === 'descriptor') return place.fd;
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  const { kind, path } = place;
  if (kind !== 'pipe') return promisify(open)(path, O_WRONLY | O_NOCTTY);
  for (let graceUsed = 0; ; ) {
    try {
      const fd = await promisify(open)(path, O_WRONLY | O_NONBLOCK);
      if (fstatSync(fd).isFIFO()) return fd;
      await promisify(close)(fd);
      throw new TwinbankError('io', 'output.changed', `${path}: expected a pipe, found none`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      if (signal.aborted && graceUsed >= graceMs) throw signal.reason;
      await delay(readerPollMs);
      if (signal.aborted) graceUsed += readerPollMs;
    }
  }
}

/**
 * Waits until a stream has taken a chunk, as the process may end right after, or until a signal: a reader may never take
 * it. Throws `output.gone` (kind `io`) when the reader goes away.
 */
export function sendTo(
  stream: NodeJS.WritableStream,
  chunk: Uint8Array | string,
  name: string,
  { signal, graceMs = 0 }: WaitLimits,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted && graceMs === 0) return stop();
    let timer: NodeJS.Timeout | undefined;
    const begin = (): void => {
      timer = setTimeout(stop, graceMs);
    };
    if (signal.aborted) begin();
    else signal.addEventListener('abort', begin, { once: true });
    stream.write(chunk, (error) => {
      signal.removeEventListener('abort', begin);
      clearTimeout(timer);
      if (!error) return resolve();
      const isGone = (error as NodeJS.ErrnoException).code === 'EPIPE';
      const message = `${name}: expected a reader to the end, found it gone`;
      reject(isGone ? new TwinbankError('io', 'output.gone', message, { cause: error }) : error);
    });
  });
}
