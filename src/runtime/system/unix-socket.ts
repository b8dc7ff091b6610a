import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { answerLine, lineSplitter, type Method } from '../../protocol/json-rpc.ts';

/**
 * Serves vmkd's protocol on a Unix socket that only root may use, in place of one that an earlier vmkd
 * left. A client that does not read its answers is not read from either.
 */
export function serveUnixSocket(
  path: string,
  methods: Readonly<Record<string, Method>>,
  failed: (error: Error) => void,
): Server {
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    const onLine = lineSplitter(async (line) => {
      const answer = await answerLine(methods, line);
      if (answer && socket.writable && !socket.write(`${answer}\n`)) socket.pause();
    });
    socket.on('drain', () => socket.resume());
    socket.on('data', (chunk: string) => onLine(chunk));
  });
  server.on('error', failed);
  server.listen(path, () => chmodSync(path, 0o600));
  return server;
}
