import { type Report, silent } from '../../diagnostics/progress.ts';
import { type ByteSource, streamSource } from './byte-source.ts';
import { parseAddress, publicName } from './http-address.ts';
import { HttpDownload } from './http-download.ts';
import { type After, downloadPace } from './http-pace.ts';
import type { ProxyFor } from './http-proxy.ts';
import { retryPolicy } from './http-retry.ts';

export interface HttpSourceOptions {
  /** Ends whatever goes on at once, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Is told of each new attempt. */
  readonly report?: Report;
  /** Attempts after the first, until the line gets on again. */
  readonly retries?: number;
  /** Before the first of them; each further pause is twice as long. */
  readonly pauseMs?: number;
  /** A line on which nothing comes for so long is broken. */
  readonly stallMs?: number;
  /** All of it has to come within this, pauses and all; default 12 hours. */
  readonly deadlineMs?: number;
  /** Certificates (PEM) that HTTPS trusts instead of the system's. */
  readonly ca?: string | undefined;
  /** By which proxy a server is asked; default by none. */
  readonly proxyFor?: ProxyFor;
  /** How time passes. */
  readonly after?: After;
  /** Milliseconds since some moment. */
  readonly now?: () => number;
}

const timers: After = (ms, call) => {
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
};

/**
 * A file on a web server, read on where it was when the connection breaks, stalls or is too slow (http-pace.ts). Resolves once the server
 * has answered. Throws `update.url` (kind `usage`) and, at once or from a read, kind `io`: `update.download` after
 * the last attempt, `update.deadline`, and what cannot pass (http-request.ts, http-reply.ts). No message has a password in it.
 */
export async function httpSource(
  text: string,
  options: HttpSourceOptions = {},
): Promise<ByteSource> {
  const { signal: outer, report = silent, after = timers, stallMs = 30_000, ca } = options;
  const { retries = 5, pauseMs = 1000, deadlineMs = 12 * 3_600_000 } = options;
  const { now = () => performance.now(), proxyFor = () => undefined } = options;
  const address = parseAddress(text);
  outer?.throwIfAborted();
  const ending = new AbortController();
  const { signal } = ending;
  const abort = (): void => ending.abort(outer?.reason);
  outer?.addEventListener('abort', abort);
  const end = (): void => {
    outer?.removeEventListener('abort', abort);
    ending.abort();
  };

  const attempts = retryPolicy({ signal, report, retries, pauseMs, after });
  const pace = downloadPace(publicName(address), { stallMs, deadlineMs, after, now });
  const download = new HttpDownload(address, { signal, pace, ca, proxyFor }, attempts);
  const first = await download.connect().catch((error: unknown) => {
    end();
    throw error;
  });
  const { name, size } = download;
  const stream = streamSource(name, download.content(first));
  return {
    name,
    ...(size === undefined ? {} : { size }),
    async read(max) {
      outer?.throwIfAborted();
      try {
        return await stream.read(max);
      } catch (error) {
        // Things break in many ways after an abort.
        outer?.throwIfAborted();
        throw error;
      }
    },
    async close() {
      end();
      await stream.close();
    },
  };
}
