import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { anything, list, object, text } from '../../../../../src/protocol/form.ts';
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
  forwards: { classes: object({ classes: list(text) }), get: anything },
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

test('P7: answers for one that rests what its row says, and asks one that runs', async () => {
  const idle = { when: () => true, answers: { classes: { classes: ['none'] } } };
  const rests = forwardMethods([{ ...lamp, idle }], { isIdle: (name) => name === 'lamp' });
  expect(await rests['lamp.classes']?.({})).toEqual({ classes: ['none'] });
  const socket = join(temporaryFiles({}), 'none.sock');
  const runs = forwardMethods([{ ...lamp, idle }], { socket: () => socket, connectTimeoutMs: 0 });
  await expect(runs['lamp.classes']?.({})).rejects.toThrow('the agent lamp does not run');
});

test.each([
  ['none', 'null', '.classes: expected an object, found null'],
  [
    'a member of another type',
    '{"classes":[{}]}',
    '.classes.classes[0]: expected text, found an object',
  ],
  ['a hundred thousand levels', `{"classes":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, 'no answer'],
  [
    'more than 2 Mi characters',
    `{"classes":["${'x'.repeat(2 << 20)}"]}`,
    'an answer of more than 2097152 characters',
  ],
])('hands on no answer that is not as the row says: %s', async (_what, result, why) => {
  const socket = join(temporaryFiles({}), 'lamp.sock');
  // What is too deep answers nothing: it goes away after it.
  const server = createServer((client) => client.end(`{"id":1,"result":${result}}\n`));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const forward = forwardMethods([lamp], { socket: () => socket });
  const refused = expect(forward['lamp.classes']?.({})).rejects;
  if (why !== 'no answer') await refused.toThrow(why);
  else await refused.toThrow('the agent lamp: it went away before it answered');
});
