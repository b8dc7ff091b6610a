import { chmodSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { type Method, serveSocket } from '../../protocol/json-rpc.ts';
import { assertOwnFolder } from './root-file.ts';

type Methods = Readonly<Record<string, Method>>;

/** Serves JSON-RPC on a Unix socket that only its owner may use, in place of one that an earlier process left. */
export function serveUnixSocket(
  path: string,
  methods: Methods,
  failed: (error: Error) => void,
): Server {
  rmSync(path, { force: true });
  const server = createServer((socket) => serveSocket(socket, methods));
  server.on('error', failed);
  server.listen(path, () => chmodSync(path, 0o600));
  return server;
}

/** The descriptor by which a program has the socket that was opened for it ({@link openListener}). */
export const listenerDescriptor = 3;

/** Serves JSON-RPC on the socket that whoever started this process has opened for it. */
export function serveHandedSocket(
  methods: Methods,
  failed: (error: Error) => void,
  fd = listenerDescriptor,
): Server {
  const server = createServer((socket) => serveSocket(socket, methods));
  server.on('error', failed);
  server.listen({ fd });
  return server;
}

/** What a program that is about to be started gets: a socket that listens, or a file. */
export interface Handed {
  readonly fd: number;
  /** Closes our copy: what listens then is the program, and when that ends nobody. */
  close(): void;
}

/**
 * Opens a Unix socket that only root may connect to (or others, by `mode`), in place of the one before, in a folder of our own: so nobody but the program that
 * it is handed to is ever asked by that name. To be closed before the event loop turns, or we would accept ourselves. Throws an
 * Error where it cannot be opened.
 */
export function openListener(path: string, mode = 0o600): Handed {
  assertOwnFolder(dirname(path));
  // libuv removes the name that it has bound when our copy is closed; the program's stays.
  const bound = `${path}.new`;
  rmSync(bound, { force: true });
  const handed = listen(path, (server) => server.listen(bound));
  chmodSync(bound, mode);
  renameSync(bound, path);
  return handed;
}

/**
 * Opens a TCP port at all addresses, of both families where the kernel has both. To be closed before the event loop turns, as of
 * {@link openListener}. Throws an Error where it cannot be opened.
 */
export function openTcpListener(port: number): Handed {
  return listen(`TCP port ${port}, which another program may have`, (server) =>
    server.listen(port),
  );
}

/** Node binds at once what needs no name to be looked up, but tells of what went wrong later. */
function listen(what: string, begin: (server: Server) => void): Handed {
  const server = createServer();
  server.on('error', () => {});
  begin(server);
  const fd = (server as Server & { _handle?: { fd?: number } | null })._handle?.fd;
  if (fd === undefined || fd < 0) throw new Error(`${what}: could not be listened at`);
  return { fd, close: () => void server.close() };
}
