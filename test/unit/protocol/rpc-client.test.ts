import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onJsonLine } from '../../../src/protocol/json-lines.ts';
import { rpcClient } from '../../../src/protocol/rpc-client.ts';

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
      rpcClient(ours, 'qmp').call('stop', { hard: true }),
      rpcClient(ours, 'vmkd').call('status'),
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
    const { call } = rpcClient(ours, 'vmkd');
    const calls = [call('a'), call('b'), call('c')];
    await untilAsked(3);
    for (const id of [3, 1, 2]) answer({ jsonrpc: '2.0', id, result: `to ${id}` });
    expect(await Promise.all(calls)).toEqual(['to 1', 'to 2', 'to 3']);
  });

  it('is refused with the words of the other side', async () => {
    const vmkd = rpcClient(ours, 'vmkd').call('a');
    answer({ jsonrpc: '2.0', id: 1, error: { code: -32000, message: 'not now' } });
    await expect(vmkd).rejects.toMatchObject({
      kind: 'boot',
      code: 'harness.refused',
      message: 'vmkd: not now',
    });
    const qmp = rpcClient(ours, 'qmp').call('a');
    answer({ id: 1, error: null });
    await expect(qmp).rejects.toThrow('QEMU: null');
  });

  it('without an answer ends in time, and a late answer disturbs nobody', async () => {
    const { call } = rpcClient(ours, 'vmkd');
    await expect(call('slow', {}, 10)).rejects.toMatchObject({
      code: 'harness.no-answer',
      message: 'vmkd: expected an answer, found no answer to slow in 0.01 s',
    });
    const next = call('fast');
    answer({ id: 1, result: 'late' });
    answer({ id: 2, result: 'mine' });
    expect(await next).toBe('mine');
  });

  it('fails when the machine goes away, and so does every later one', async () => {
    const { call } = rpcClient(ours, 'vmkd');
    const calls = [call('a'), call('b')];
    theirs.destroy();
    for (const one of calls) await expect(one).rejects.toThrow('found the machine went away');
    await expect(call('c')).rejects.toMatchObject({ code: 'harness.no-answer' });
  });
});

it('what answers nothing is an event', async () => {
  const events: unknown[] = [];
  const { call } = rpcClient(ours, 'qmp', (message) => events.push(message));
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
