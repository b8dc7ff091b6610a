import * as http from 'node:http';
import * as https from 'node:https';
import { TwinbankError } from '../../diagnostics/error.ts';
import { publicName, redirectTarget } from './http-address.ts';
import type { Pace } from './http-pace.ts';
import { downloadError } from './http-reply.ts';

export interface Connection {
  /** Ends whatever goes on, at once. */
  readonly signal: AbortSignal;
  readonly pace: Pace;
  /** Certificates (PEM) that HTTPS trusts instead of the system's. */
  readonly ca: string | undefined;
}

const redirects = new Set([301, 302, 303, 307, 308]);
const maxRedirects = 5;

/**
 * Asks for an address and follows its redirects; returns the reply, whose content is still to be read. Throws
 * kind `io`: `update.redirect`, `update.http-protocol` for what is no HTTP, `update.tls`, and
 * `update.download` for what may pass: names, connections, stalls.
 */
export async function request(
  address: URL,
  headers: Readonly<Record<string, string>>,
  connection: Connection,
): Promise<http.IncomingMessage> {
  let url = address;
  for (let followed = 0; ; followed++) {
    const reply = await requestOnce(url, headers, connection);
    const { location } = reply.headers;
    if (!redirects.has(reply.statusCode ?? 0) || location === undefined) return reply;
    reply.destroy();
    if (followed === maxRedirects) {
      const message = `${publicName(address)}: expected at most ${maxRedirects} redirects, found more`;
      throw new TwinbankError('io', 'update.redirect', message);
    }
    url = redirectTarget(url, location);
  }
}

function requestOnce(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { signal, pace, ca }: Connection,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const cancel = pace.wait('head', (error) => sent.destroy(error));
    const { request } = url.protocol === 'https:' ? https : http;
    const sent = request(url, {
      agent: false,
      signal,
      headers: { ...headers, 'Accept-Encoding': 'identity', 'User-Agent': 'twinbank' },
      ...(ca === undefined ? {} : { ca }),
    });
    let reply: http.IncomingMessage | undefined;
    const answered = (message: http.IncomingMessage): void => {
      cancel();
      reply = message;
      resolve(message);
    };
    sent.on('response', answered);
    // Nobody asked for another protocol; without a listener there would be no answer at all.
    sent.on('upgrade', answered);
    sent.on('error', (error) => {
      cancel();
      // What breaks behind the head is for whoever reads the content.
      if (reply) reply.destroy(error);
      else reject(failureOf(publicName(url), error));
    });
    sent.end();
  });
}

/**
 * The next bytes of a reply's content, or undefined at its end. Throws as {@link request} does.
 */
export async function readReply(
  name: string,
  reply: http.IncomingMessage,
  iterator: AsyncIterator<Uint8Array>,
  { pace }: Connection,
): Promise<Uint8Array | undefined> {
  const cancel = pace.wait('content', (error) => reply.destroy(error));
  try {
    const { done, value } = await iterator.next();
    if (done) return undefined;
    pace.came(value.length);
    return value;
  } catch (error) {
    throw failureOf(name, error);
  } finally {
    cancel();
  }
}

function failureOf(name: string, error: unknown): TwinbankError {
  if (error instanceof TwinbankError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  // OpenSSL's end with a line end; an attempt for each of a name's addresses has none of its own.
  const [reason] = (message || code).split('\n');
  if (code.startsWith('HPE_')) {
    const sentence = `${name}: expected a reply as HTTP has it, and no more than it announces, found ${code}`;
    return new TwinbankError('io', 'update.http-protocol', sentence, { cause: error });
  }
  if (code === 'EPROTO' || /CERT|SELF_SIGNED|VERIFY|^ERR_SSL|^ERR_TLS/.test(code)) {
    const sentence = `${name}: expected HTTPS with a certificate that is trusted, found another: ${reason}`;
    return new TwinbankError('io', 'update.tls', sentence, { cause: error });
  }
  return downloadError(name, `the connection broke: ${reason}`, error);
}
