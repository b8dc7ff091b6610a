import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onJsonLine } from '../../../src/protocol/json-lines.ts';
import { rpcClient } from '../../../src/protocol/rpc-client.ts';
import { jsonRpc, qmp } from '../../../src/protocol/rpc-dialect.ts';
import { RpcError } from '../../../src/protocol/rpc-error.ts';

let folder: string;
let ours: Socket;
let theirs: Socket;
/** What the other side has been asked, in order. */
let asked: Record<string, unknown>[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rpc-'));
  const path = join(folder, 'pair.sock');
  const server = createServer();
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  ours = connect(path);
  theirs = await accepted;
  server.close();
  asked = [];
  onJsonLine(theirs, (message) => asked.push(message));
});
afterEach(() => {
  ours.destroy();
  theirs.destroy();
  rmSync(folder, { recursive: true });
});

async function untilAsked(count: number): Promise<void> {
  while (asked.length < count) await new Promise(setImmediate);
}

const answer = (message: object | string): void =>
  void theirs.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);

describe('a call', () => {
  it("is written in the other side's words", async () => {
    const calls = [
      rpcClient(ours, { dialect: qmp }).call('stop', { hard: true }),
      rpcClient(ours, { dialect: jsonRpc }).call('status'),
    ];
    await untilAsked(2);
    expect(asked).toEqual([
      { execute: 'stop', id: 1, arguments: { hard: true } },
      { jsonrpc: '2.0', id: 1, method: 'status' },
    ]);
    answer({ id: 1, return: {} });
    answer({ id: 1, result: null });
    expect(await Promise.all(calls)).toEqual([{}, null]);
  });

  it('gets its own answer, in whatever order they come', async () => {
    const { call } = rpcClient(ours, { dialect: jsonRpc });
    const calls = [call('a'), call('b'), call('c')];
    await untilAsked(3);
    for (const id of [3, 1, 2]) answer({ jsonrpc: '2.0', id, result: `to ${id}` });
    expect(await Promise.all(calls)).toEqual(['to 1', 'to 2', 'to 3']);
  });

  it("is refused with the other side's code and words", async () => {
    const refused = rpcClient(ours, { dialect: jsonRpc }).call('a');
    const data = { code: 'update.busy' };
    answer({ jsonrpc: '2.0', id: 1, error: { code: -32000, message: 'not now', data } });
    await expect(refused).rejects.toBeInstanceOf(RpcError);
    await expect(refused).rejects.toMatchObject({ code: 'update.busy', message: 'not now' });
    const byQmp = rpcClient(ours, { dialect: qmp }).call('a');
    answer({ id: 1, error: { class: 'GenericError', desc: 'no such device' } });
    await expect(byQmp).rejects.toMatchObject({ code: 'internal', message: 'no such device' });
  });

  it.each([
    [null, 'null'],
    [17, '17'],
    [[], '[]'],
    [{}, '{}'],
    [{ message: null, data: null }, '{"message":null,"data":null}'],
    [{ message: 'x', data: { code: 7 } }, 'x'],
    [{ message: 'x', data: [] }, 'x'],
    [{ message: 'x', data: { code: 'rpc.no-answer' } }, 'x'],
    [{ message: 'x', data: { code: 'x'.repeat(65) } }, 'x'],
  ])('is refused by an error of any form: %j', async (error, message) => {
    for (const dialect of [jsonRpc, qmp]) {
      const call = rpcClient(ours, { dialect }).call('a');
      answer({ id: 1, error });
      await expect(call).rejects.toMatchObject({ code: 'internal' });
      if (dialect === jsonRpc) await expect(call).rejects.toMatchObject({ message });
      ours.removeAllListeners('data');
    }
  });

  it('is not disturbed by lines that are no answer, however they look', async () => {
    const call = rpcClient(ours, { dialect: jsonRpc }).call('a');
    const lines = ['null', '17', '"x"', '[]', '[{"id":1,"result":1}]', '{', '\u0000', 'noise', ''];
    for (const line of [...lines, '{"id":"1","result":1}', '{"id":null,"error":null}'])
      answer(line);
    answer({ id: 1, result: 'mine' });
    expect(await call).toBe('mine');
  });

  it('takes a result beside an error that is null', async () => {
    const call = rpcClient(ours, { dialect: jsonRpc }).call('a');
    answer({ id: 1, error: null, result: 5 });
    expect(await call).toBe(5);
  });

  it('ends at an endless line, and the next one is answered', async () => {
    const { call } = rpcClient(ours, { dialect: jsonRpc, limit: 1000 });
    const endless = call('a');
    theirs.write('x'.repeat(5000));
    await expect(endless).rejects.toMatchObject({
      code: 'rpc.no-answer',
      message: 'an answer of more than 1000 characters',
    });
    answer('x');
    const next = call('b');
    answer({ id: 2, result: 'mine' });
    expect(await next).toBe('mine');
  });

  it.each(['error', 'result', 'id'])(
    'is not brought down by %s that is a million levels deep',
    async (member) => {
      const deep = `${'['.repeat(1e6)}${']'.repeat(1e6)}`;
      for (const dialect of [jsonRpc, qmp]) {
        const call = rpcClient(ours, { dialect }).call('a');
        answer(`{"id":1,"${member}":${deep}}`);
        answer({ id: 1, ...(dialect === qmp ? { return: 'mine' } : { result: 'mine' }) });
        expect(await call).toBe('mine');
        ours.removeAllListeners('data');
      }
    },
  );

  it('hears a part of an error that is very long', async () => {
    const call = rpcClient(ours, { dialect: jsonRpc }).call('a');
    answer({ id: 1, error: { message: 'x'.repeat(1e6) } });
    const refused = await call.catch((error: Error) => error.message);
    expect(refused).toHaveLength(4096);
  });

  it.each(['noise', '{}', '{"id":7,"result":1}'])(
    'cuts off a peer that answers nothing and goes on and on: %s',
    async (line) => {
      const refused = expect(rpcClient(ours, { dialect: jsonRpc }).call('a')).rejects;
      for (let count = 0; count <= 100; count++) answer(line);
      await refused.toMatchObject({
        code: 'rpc.no-answer',
        message: '101 lines that answer nothing',
      });
    },
  );

  it('fails, and nothing else does, when what hears events throws', async () => {
    const onEvent = (): void => {
      throw new RangeError('too deep');
    };
    const call = rpcClient(ours, { dialect: qmp, onEvent, gone: 'it is gone' }).call('a');
    answer({ event: 'SHUTDOWN' });
    answer({ id: 1, return: 'late' });
    await expect(call).rejects.toThrow('it is gone');
    expect(ours.destroyed).toBe(true);
  });

  it('without an answer ends in time, and a late answer disturbs nobody', async () => {
    const { call } = rpcClient(ours, { dialect: jsonRpc });
    await expect(call('slow', {}, 10)).rejects.toMatchObject({
      code: 'rpc.no-answer',
      message: 'no answer to slow in 0.01 s',
    });
    const next = call('fast');
    answer({ id: 1, result: 'late' });
    answer({ id: 2, result: 'mine' });
    expect(await next).toBe('mine');
  });

  it('fails when the other side goes away, and so does every later one', async () => {
    const { call } = rpcClient(ours, { dialect: jsonRpc });
    const calls = [call('a'), call('b')];
    theirs.destroy();
    for (const one of calls) await expect(one).rejects.toThrow('it went away');
    await expect(call('c')).rejects.toMatchObject({ code: 'rpc.no-answer' });
  });
});

it('what answers nothing is an event', async () => {
  const events: unknown[] = [];
  const { call } = rpcClient(ours, { dialect: qmp, onEvent: (message) => events.push(message) });
  const done = call('cont');
  answer({ QMP: { version: {} } });
  answer({ event: 'SHUTDOWN', data: { reason: 'guest-reset' } });
  answer({ id: 99, return: {} });
  answer({ id: 1, return: {} });
  await done;
  expect(events).toMatchObject([{ QMP: {} }, { event: 'SHUTDOWN' }, { id: 99 }]);
});

describe('lines of JSON', () => {
  it('are whole however they are cut, and text between them is passed over', async () => {
    const heard: unknown[] = [];
    onJsonLine(ours, (value) => heard.push(value));
    const text = Buffer.from(
      'noise {\n{"a":"Grüße 🚀"}\r\n\n17\nnull\n{"b":1}\n{"end":1}\n{"cut":',
    );
    for (const byte of text) await new Promise((done) => theirs.write(Uint8Array.of(byte), done));
    while (heard.length < 3) await new Promise(setImmediate);
    expect(heard).toEqual([{ a: 'Grüße 🚀' }, { b: 1 }, { end: 1 }]);
  });
});
