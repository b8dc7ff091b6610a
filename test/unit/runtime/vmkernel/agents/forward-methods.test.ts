import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { serveSocket } from '../../../../../src/protocol/json-rpc.ts';
import { RpcError } from '../../../../../src/protocol/rpc-error.ts';
import type { Agent } from '../../../../../src/runtime/agents/agent.ts';
import { forwardMethods } from '../../../../../src/runtime/vmkernel/agents/forward-methods.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

const servers: { close(): void }[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

const lamp: Agent = {
  name: 'lamp',
  description: 'A lamp',
  program: { path: '/bin/true', args: () => [] },
  forwards: ['classes', 'get'],
};

test("answers as the agent does on its own socket, its errors' codes included", async () => {
  const socket = join(temporaryFiles({}), 'lamp.sock');
  const methods = {
    classes: () => ({ classes: [] }),
    get: () => {
      throw new RpcError('lamp.not-found', 'CIM status 6: none');
    },
    secret: () => 'not forwarded',
  };
  const server = createServer((client) => serveSocket(client, methods));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const forward = forwardMethods([lamp], { socket: () => socket });
  expect(Object.keys(forward)).toEqual(['lamp.classes', 'lamp.get']);
  expect(await forward['lamp.classes']?.({})).toEqual({ classes: [] });
  await expect(forward['lamp.get']?.({ path: 'x' })).rejects.toMatchObject({
    code: 'lamp.not-found',
    message: 'CIM status 6: none',
  });
  const gone = forwardMethods([lamp], { socket: () => `${socket}.gone`, connectTimeoutMs: 0 });
  await expect(gone['lamp.get']?.({ path: 'x' })).rejects.toMatchObject({
    code: 'lamp.no-agent',
    message: 'the agent lamp does not run',
  });
});
