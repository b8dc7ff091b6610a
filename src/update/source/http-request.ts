import * as http from 'node:http';
import * as https from 'node:https';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { TwinbankError } from '../../diagnostics/error.ts';
import { publicName, redirectTarget } from './http-address.ts';
import { failureOf } from './http-failure.ts';
import type { Pace } from './http-pace.ts';
import { hostOf, type ProxyFor } from './http-proxy.ts';
import { openTunnel } from './http-tunnel.ts';

export interface Connection {
  /** Ends whatever goes on, at once. */
  readonly signal: AbortSignal;
  readonly pace: Pace;
  /** Certificates (PEM) that HTTPS trusts instead of the system's. */
  readonly ca: string | undefined;
  /** By which proxy a server is asked. */
  readonly proxyFor: ProxyFor;
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

async function requestOnce(
  url: URL,
  headers: Readonly<Record<string, string>>,
  connection: Connection,
): Promise<http.IncomingMessage> {
  const { signal, pace } = connection;
  const way = await wayTo(url, connection);
  return new Promise((resolve, reject) => {
    const cancel = pace.wait('head', (error) => sent.destroy(error));
    const { request } = url.protocol === 'https:' ? https : http;
    const sent = request(url, {
      signal,
      ...way.options,
      headers: {
        ...headers,
        ...way.headers,
        'Accept-Encoding': 'identity',
        'User-Agent': 'twinbank',
      },
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

/** How a server is reached: directly, or by a proxy, which asks for us or, for HTTPS, only passes bytes on. */
async function wayTo(
  url: URL,
  connection: Connection,
): Promise<{ options: https.RequestOptions; headers: Readonly<Record<string, string>> }> {
  const { ca, proxyFor } = connection;
  const trust = ca === undefined ? {} : { ca };
  const proxy = proxyFor(url);
  if (!proxy) return { options: { agent: false, ...trust }, headers: {} };
  if (url.protocol === 'http:') {
    const { address, authorization } = proxy;
    const path = `${url.origin}${url.pathname}${url.search}`;
    return {
      options: { agent: false, ...address, path },
      headers: { Host: url.host, ...authorization },
    };
  }
  const tunnel = await openTunnel(proxy, url, connection);
  const host = hostOf(url);
  // By its name the server is asked for its certificate, and an address is no name.
  const names = { host, ...(isIP(host) === 0 && { servername: host }) };
  const createConnection = () => connect({ socket: tunnel, ...names, ...trust });
  return { options: { createConnection }, headers: {} };
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
