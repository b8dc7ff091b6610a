import type { ServerResponse } from 'node:http';
import { expect } from 'vitest';
import { TwinbankError } from '../../../../src/diagnostics/error.ts';
import type { ByteSource } from '../../../../src/update/source/byte-source.ts';
import type { After } from '../../../../src/update/source/http-pace.ts';
import { type HttpSourceOptions, httpSource } from '../../../../src/update/source/http-source.ts';
import { randomBytes } from '../bundle/random-bytes.ts';
import { serve } from './web-server.ts';

export const content = randomBytes(300_000);
export const etag = '"one"';
const stallMs = 30_000;

export interface FakeTime {
  /** Milliseconds of each pause; none takes any. */
  readonly pauses: number[];
  /** What ends connections that are quiet for too long. */
  readonly watching: Set<() => void>;
  /** Lets as much time pass as a connection may be quiet, as soon as one is waited for. */
  stall(): void;
  readonly after: After;
}

export function fakeTime(): FakeTime {
  const time: FakeTime = {
    pauses: [],
    watching: new Set(),
    stall() {
      const timer = setInterval(() => {
        if (time.watching.size === 0) return;
        clearInterval(timer);
        for (const call of time.watching) call();
      }, 20);
    },
    after(ms, call) {
      if (ms === stallMs) {
        time.watching.add(call);
        return () => void time.watching.delete(call);
      }
      time.pauses.push(ms);
      const timer = setImmediate(call);
      return () => clearImmediate(timer);
    },
  };
  return time;
}

interface Ended {
  readonly bytes: Buffer;
  readonly notes: string[];
  readonly pauses: number[];
}

/** Reads all that an address has; an error has what was told until then. */
export async function download(url: string, options: HttpSourceOptions = {}): Promise<Ended> {
  const notes: string[] = [];
  const time = fakeTime();
  consumed = 0;
  const source = await httpSource(url, {
    after: time.after,
    report: (event) => void notes.push('text' in event ? event.text : event.type),
    ...options,
  });
  try {
    return { bytes: await drain(source), notes, pauses: time.pauses };
  } finally {
    await source.close();
  }
}

/** Bytes that the running test has read. */
let consumed = 0;

export async function drain(source: ByteSource): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await source.read(2 ** 20); chunk; chunk = await source.read(2 ** 20)) {
    chunks.push(chunk);
    consumed += chunk.length;
  }
  return Buffer.concat(chunks);
}

export async function failure(work: Promise<unknown>): Promise<TwinbankError> {
  const error = await work.then(
    () => new Error('expected a failure'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TwinbankError)) throw error;
  expect(error.kind).toBe('io');
  return error;
}

/** Breaks a connection once all that came over it was read: what waits in a buffer then is lost. */
export function hangUp(response: ServerResponse, sent: number): void {
  const timer = setInterval(() => {
    if (consumed < sent) return;
    clearInterval(timer);
    response.socket?.destroy();
  }, 2).unref();
}

/** Serves a part of the content, and breaks the connection. */
export const breaking = (bytes: number, served = {}) =>
  serve(content, { etag, after: { bytes, act: hangUp }, ...served });
