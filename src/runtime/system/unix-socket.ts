import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { type Method, serveSocket } from '../../protocol/json-rpc.ts';

/** Serves JSON-RPC on a Unix socket that only its owner may use, in place of one that an earlier process left. */
export function serveUnixSocket(
  path: string,
  methods: Readonly<Record<string, Method>>,
  failed: (error: Error) => void,
): Server {
  rmSync(path, { force: true });
  const server = createServer((socket) => serveSocket(socket, methods));
  server.on('error', failed);
  server.listen(path, () => chmodSync(path, 0o600));
  return server;
}
