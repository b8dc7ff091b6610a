import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Method } from '../../../../../src/protocol/json-rpc.ts';
import { rpcClient } from '../../../../../src/protocol/rpc-client.ts';
import { jsonRpc } from '../../../../../src/protocol/rpc-dialect.ts';
import {
  type ConnectionLimits,
  connectionLimits,
  methodsOf,
  serveWorld,
} from '../../../../../src/runtime/vmkernel/agents/world-connection.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

/** A world's end of its connection, and why it is to be ended. */
let world: Socket;
let breach: Promise<string>;
let close: () => void;
/** Of those that are tried for what they do not do. */
const stallMs = 100;

const methods: Record<string, Method> = {
  status: () => ({ state: 'ready' }),
  large: () => 'x'.repeat(1 << 20),
  shutdown: () => ({ mode: 'reboot' }),
};
async function connection(limits: Partial<ConnectionLimits> = {}): Promise<void> {
  const path = join(temporaryFiles({}), 'vmkd.sock');
  let onBreach: (why: string) => void = () => {};
  breach = new Promise((resolve) => {
    onBreach = resolve;
  });
  const mine = methodsOf({ vmkd: ['status', 'large', 'none'] }, methods);
  const server = createServer((socket) =>
    serveWorld(socket, mine, onBreach, { ...connectionLimits, ...limits }),
  );
  server.listen(path);
  await once(server, 'listening');
  world = connect(path);
  world.on('error', () => {});
  await once(world, 'connect');
  close = () => server.close();
}
afterEach(() => {
  world.destroy();
  close();
});

const line = (method: unknown, id = 1) => `${JSON.stringify({ id, method })}\n`;

describe("K6: a world's connection to vmkd", () => {
  it('is answered by the methods of its row, and has no others', async () => {
    await connection();
    const client = rpcClient(world, { dialect: jsonRpc });
    expect(await client.call('status')).toEqual({ state: 'ready' });
    await expect(client.call('shutdown')).rejects.toThrow(
      'expected one of the methods status, large, found "shutdown"',
    );
    await expect(client.call('constructor')).rejects.toThrow('found "constructor"');
  });

  it('goes on where the world is only slow', async () => {
    await connection();
    world.write(line('status').slice(0, 10));
    await new Promise(setImmediate);
    world.write(line('status').slice(10));
    const [answer] = await once(world, 'data');
    expect(JSON.parse(String(answer))).toMatchObject({ id: 1, result: { state: 'ready' } });
  });

  it.each<[string, () => string, string, Partial<ConnectionLimits>?]>([
    ['asks without end', () => line('status').repeat(200), 'more than 100 times in a second'],
    ['asks without an id', () => '{"method":"status"}\n'.repeat(200), '100 times in a second'],
    ['sends blank lines without end', () => '\n'.repeat(1000), 'more than 100 times in a second'],
    ['sends what is no JSON', () => 'hello\n', 'it sent vmkd what is no request'],
    ['sends wrong types', () => line(['status']), 'it sent vmkd what is no request'],
    ['sends what is too deep', () => `${'['.repeat(1e5)}\n`, 'it sent vmkd what is no request'],
    ['sends a request without an end', () => 'x'.repeat(2 << 20), 'more than 1048576 characters'],
    [
      'sends long requests without end',
      () => line('x'.repeat(60_000)).repeat(5),
      'more than 100000 characters in a second',
      { charactersPerSecond: 100_000 },
    ],
    ['sends half a request', () => '{"id":1', 'it sent vmkd half a request', { stallMs }],
    ['reads no answer', () => line('large').repeat(20), 'it did not take its', { stallMs }],
  ])('ends where the world %s', async (_what, text, why, limits = {}) => {
    await connection(limits);
    world.pause();
    world.write(text());
    expect(await breach).toContain(why);
  });

  it('leaves nothing behind when the world ends', async () => {
    await connection({ stallMs });
    world.write('{"id":1');
    world.end();
    world.resume();
    await once(world, 'close');
    const late = new Promise((resolve) => setTimeout(resolve, 2 * stallMs, 'nothing'));
    expect(await Promise.race([breach, late])).toBe('nothing');
  });
});
