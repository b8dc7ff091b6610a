import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { RpcError } from '../../../../src/protocol/rpc-error.ts';
import { callSocket } from '../../../../src/runtime/system/call-socket.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';

const servers: { close(): void }[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

test.each(['null', '17', '[]', 'noise', '{"id":1,"error":null}', '{"id":1,"error":{"data":null}}'])(
  'is not brought down by a peer that answers %s',
  async (line) => {
    const socket = join(temporaryFiles({}), 'lamp.sock');
    const server = createServer((client) => client.end(`${line}\n`));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const peer = { name: 'the agent lamp', socket, notThereCode: 'lamp.no-agent' };
    await expect(callSocket(peer, 'classes', {})).rejects.toBeInstanceOf(RpcError);
  },
);
