import * as http from 'node:http';
import type { Socket } from 'node:net';
import { TwinbankError } from '../../diagnostics/error.ts';
import { failureOf } from './http-failure.ts';
import type { Pace } from './http-pace.ts';
import { type HttpProxy, hostOf, portOf } from './http-proxy.ts';
import { downloadError } from './http-reply.ts';

/**
 * Has a proxy connect us with a server, for HTTPS (RFC 9110 section 9.3.6). Throws kind `io`: `update.proxy` where it does not want to,
 * and `update.download` for what may pass.
 */
export function openTunnel(
  proxy: HttpProxy,
  url: URL,
  { signal, pace }: { readonly signal: AbortSignal; readonly pace: Pace },
): Promise<Socket> {
  const path = `${url.hostname}:${portOf(url)}`;
  const name = `proxy ${proxy.name}`;
  return new Promise((resolve, reject) => {
    const cancel = pace.wait('head', (error) => asked.destroy(error));
    const headers = { Host: path, 'User-Agent': 'twinbank', ...proxy.authorization };
    const asked = http.request({
      ...{ ...proxy.address, method: 'CONNECT', path, headers, agent: false, signal },
    });
    asked.on('connect', ({ statusCode = 0 }, stream, head) => {
      cancel();
      const socket = stream as Socket;
      if (statusCode >= 200 && statusCode < 300) {
        if (head.length > 0) socket.unshift(head);
        // Whoever reads it hears of what breaks, and until then nobody has to.
        socket.on('error', () => {});
        resolve(socket);
        return;
      }
      socket.destroy();
      const reason = `expected a connection to ${hostOf(url)}, found HTTP status ${statusCode}`;
      const mayPass = statusCode >= 500 || statusCode === 429;
      const final = () => new TwinbankError('io', 'update.proxy', `${name}: ${reason}`);
      reject(mayPass ? downloadError(name, reason) : final());
    });
    asked.on('error', (error) => {
      cancel();
      reject(failureOf(name, error));
    });
    asked.end();
  });
}
