import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { firstAnswer } from '../../../../src/runtime/system/first-answer.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';

async function serverAt(onConnection: (socket: Socket, count: number) => void) {
  const path = join(temporaryFiles({}), 'agent.sock');
  let count = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onConnection(socket, ++count);
  });
  server.listen(path);
  await once(server, 'listening');
  return { path, server };
}
const refusal = '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"expected look"}}\n';

describe('K1: the first answer of an agent', () => {
  it('is any answer, also that it has no such method', async () => {
    const { path, server } = await serverAt((socket) => socket.end(refusal));
    await firstAnswer(path, new AbortController().signal);
    server.close();
  });

  it('is waited for when a connection is broken off before', async () => {
    const { path, server } = await serverAt((socket, count) =>
      count === 1 ? socket.destroy() : socket.end(refusal),
    );
    await firstAnswer(path, new AbortController().signal);
    server.close();
  });

  it('is waited for no longer once the agent has ended, connected or not', async () => {
    const ended = new AbortController();
    const { path, server } = await serverAt(() => ended.abort());
    await expect(firstAnswer(path, ended.signal)).rejects.toThrow();
    server.close();
    await expect(firstAnswer('/nowhere/agent.sock', AbortSignal.abort())).rejects.toThrow();
  });
});
