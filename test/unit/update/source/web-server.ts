import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface WebServer {
  /** `http://127.0.0.1:PORT/` */
  readonly url: string;
  /** Headers of the requests that came, in order. */
  readonly requests: {
    path: string;
    range: string | undefined;
    headers: IncomingMessage['headers'];
  }[];
  /** Connections that are open. */
  connections(): Promise<number>;
}

/**
 * A server on the loopback interface, for one test, that gives one answer after another; the last one again and
 * again.
 */
export async function webServer(
  answers: readonly Answer[],
  tls?: { key: string; cert: string },
): Promise<WebServer> {
  const requests: WebServer['requests'] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const answer = answers[Math.min(requests.length, answers.length - 1)]!;
    const { headers, url = '' } = request;
    requests.push({ path: url, range: headers.range, headers });
    response.on('error', () => {});
    answer(request, response);
  };
  const server = tls ? https.createServer(tls, listener) : createServer(listener);
  const port = await listenUntilFinished(server);
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/`,
    requests,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
      }),
  };
}

export interface Served {
  readonly etag?: string;
  readonly lastModified?: string;
  /** Says that it takes ranges, and takes none. */
  readonly noRanges?: boolean;
  /** Does not say how long it is. */
  readonly chunked?: boolean;
  /** Does with the connection what it likes after so many bytes of this reply; `sent` counts those before it as well. */
  readonly after?: { bytes: number; act: (response: ServerResponse, sent: number) => void };
}

/** Serves bytes as a good server does (RFC 9110 section 14), but for what it is told. */
export function serve(content: Uint8Array, served: Served = {}): Answer {
  const { etag, lastModified, noRanges, chunked, after } = served;
  return (request, response) => {
    const validators = {
      ...(etag === undefined ? {} : { ETag: etag }),
      ...(lastModified === undefined ? {} : { 'Last-Modified': lastModified }),
    };
    const start = noRanges ? 0 : wantedStart(request, [etag, lastModified]);
    const body = content.subarray(start);
    const length = chunked ? {} : { 'Content-Length': body.length };
    const range = { 'Content-Range': `bytes ${start}-${content.length - 1}/${content.length}` };
    if (start > 0) response.writeHead(206, { ...validators, ...length, ...range });
    else response.writeHead(200, { ...validators, ...length });
    if (!after) response.end(body);
    else
      response.write(body.subarray(0, after.bytes), () => after.act(response, start + after.bytes));
  };
}

function wantedStart({ headers }: IncomingMessage, validators: readonly unknown[]): number {
  const condition = headers['if-range'];
  if (condition !== undefined && !validators.includes(condition)) return 0;
  return Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
}

export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (_request, response) => response.writeHead(code, headers).end('<html>an error</html>');
}

/** Writes bytes that are no good HTTP, and closes. */
export function raw(text: string): Answer {
  return (_request, response) => response.socket?.end(text);
}

/** Has a server listen on loopback until the test has finished; returns its port. */
export async function listenUntilFinished(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
