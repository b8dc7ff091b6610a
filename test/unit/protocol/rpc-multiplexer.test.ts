import { type Duplex, duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { onJsonLine } from '../../../src/protocol/json-lines.ts';
import { mostPending } from '../../../src/protocol/json-rpc.ts';
import { rpcMultiplexer } from '../../../src/protocol/rpc-multiplexer.ts';

type Message = Record<string, unknown>;

/** Somebody at one end of a connection: what has come there, and what is to come. */
function end(socket: Duplex) {
  const heard: Message[] = [];
  let wake = (): void => {};
  onJsonLine(socket, (message) => {
    heard.push(message);
    wake();
  });
  const closed = new Promise<void>((resolve) => socket.once('close', resolve));
  return {
    socket,
    heard,
    closed,
    say: (message: object) => void socket.write(`${JSON.stringify(message)}\n`),
    /** When so many have come. */
    async have(count: number): Promise<Message[]> {
      while (heard.length < count)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return heard;
    },
  };
}

function setUp() {
  const [port, far] = duplexPair();
  const multiplexer = rpcMultiplexer(port);
  const vmkd = end(far);
  const client = () => {
    const [near, own] = duplexPair();
    multiplexer.serve(near);
    return end(own);
  };
  return { vmkd, client, multiplexer, port };
}
const result = (id: unknown, value: unknown) => ({ jsonrpc: '2.0', id, result: value });

describe('a multiplexer', () => {
  it('gives each client the answer to its own request, with the id that it chose', async () => {
    const { vmkd, client } = setUp();
    const [one, two] = [client(), client()];
    one.say({ jsonrpc: '2.0', id: 1, method: 'status', params: { a: 1 } });
    await vmkd.have(1);
    two.say({ id: 1, method: 'config.get' });
    two.say({ id: 'x', method: 'store.list' });
    const [first, second, third] = await vmkd.have(3);
    expect(first).toMatchObject({ method: 'status', params: { a: 1 } });
    expect([second?.method, third?.method]).toEqual(['config.get', 'store.list']);
    expect(new Set(vmkd.heard.map(({ id }) => id)).size).toBe(3);
    // In another order than they were asked in.
    const error = { code: -32000, message: 'no', data: { code: 'usage' } };
    vmkd.say({ jsonrpc: '2.0', id: third?.id, error });
    vmkd.say(result(second?.id, 'of two'));
    vmkd.say(result(first?.id, 'of one'));
    expect(await two.have(2)).toEqual([{ jsonrpc: '2.0', id: 'x', error }, result(1, 'of two')]);
    expect(await one.have(1)).toEqual([result(1, 'of one')]);
  });

  it('answers what is no request by itself, and passes over lines that are too long', async () => {
    const { vmkd, client } = setUp();
    const one = client();
    one.socket.write(`{"id":7,"method":"${'x'.repeat(1 << 20)}"}\n`);
    one.socket.write('no JSON\n[]\n');
    one.say({ id: 2, method: 'status' });
    expect(await one.have(2)).toMatchObject([
      { id: null, error: { code: -32700 } },
      { id: null, error: { code: -32600 } },
    ]);
    expect(await vmkd.have(1)).toMatchObject([{ method: 'status' }]);
  });

  it('asks what nobody waits for, and keeps its answer to itself', async () => {
    const { vmkd, client } = setUp();
    const one = client();
    one.say({ method: 'state.save' });
    one.say({ id: null, method: 'status' });
    const [first, second] = await vmkd.have(2);
    vmkd.say(result(first?.id, 'unheard'));
    vmkd.say(result(second?.id, 'heard'));
    expect(await one.have(1)).toEqual([result(null, 'heard')]);
  });

  it('loses nothing of others with a client that goes away in the middle of a line', async () => {
    const { vmkd, client } = setUp();
    const [one, two] = [client(), client()];
    one.say({ id: 1, method: 'one' });
    two.say({ id: 1, method: 'two' });
    one.socket.write('{"id":2,"meth');
    const [first, second] = await vmkd.have(2);
    one.socket.destroy();
    await one.closed;
    two.say({ id: 2, method: 'three' });
    const third = (await vmkd.have(3))[2];
    for (const { id } of [first!, second!, third!]) vmkd.say(result(id, 'done'));
    expect(await two.have(2)).toEqual([result(1, 'done'), result(2, 'done')]);
  });

  it('gives a client that has ended its side what it still waits for', async () => {
    const { vmkd, client } = setUp();
    const one = client();
    one.socket.end(`${JSON.stringify({ id: 1, method: 'status' })}\n`);
    const [asked] = await vmkd.have(1);
    vmkd.say(result(asked?.id, 'late'));
    expect(await one.have(1)).toEqual([result(1, 'late')]);
    await one.closed;
  });

  it('leaves room for others beside a client that asks without end', async () => {
    const { vmkd, client } = setUp();
    const [greedy, modest] = [client(), client()];
    for (let id = 0; id < 1000; id++) greedy.say({ id, method: 'wait' });
    await vmkd.have(16);
    modest.say({ id: 1, method: 'status' });
    const asked = await vmkd.have(17);
    expect(asked.map(({ method }) => method)).toEqual([...Array(16).fill('wait'), 'status']);
    vmkd.say(result(asked[16]?.id, 'at once'));
    expect(await modest.have(1)).toEqual([result(1, 'at once')]);
    // And all that was asked is asked in the end.
    for (let answered = 0; answered < 1000; answered++) {
      const at = answered < 16 ? answered : answered + 1;
      const next = (await vmkd.have(at + 1))[at];
      vmkd.say(result(next?.id, answered));
    }
    const answers = await greedy.have(1000);
    expect(answers.map(({ id }) => id)).toEqual([...Array(1000).keys()]);
  });

  it('takes turns where all clients together ask more than is worked on at once', async () => {
    const { vmkd, client } = setUp();
    const all = Array.from({ length: 8 }, client);
    for (const one of all) for (let id = 0; id < 16; id++) one.say({ id, method: 'wait' });
    const asked = await vmkd.have(mostPending);
    const late = client();
    late.say({ id: 'late', method: 'late' });
    // One is answered, one more is asked: after so many turns it has been that of the last.
    for (let turn = 0; turn < all.length + 1; turn++) {
      vmkd.say(result(asked[turn]?.id, 'done'));
      await vmkd.have(mostPending + turn + 1);
    }
    expect(vmkd.heard.map(({ method }) => method)).toContain('late');
  });

  it('cuts off a client that does not read its answers, and no other', async () => {
    const { vmkd, client, multiplexer } = setUp();
    const [near, far] = duplexPair();
    multiplexer.serve(near);
    const cut = new Promise<void>((resolve) => near.once('close', resolve));
    for (let id = 0; id < 16; id++) far.write(`{"id":${id},"method":"large"}\n`);
    const asked = await vmkd.have(16);
    const large = 'x'.repeat(4 << 20);
    for (const { id } of asked) vmkd.say(result(id, large));
    await cut;
    const two = client();
    two.say({ id: 1, method: 'status' });
    vmkd.say(result((await vmkd.have(17))[16]?.id, 'fine'));
    expect(await two.have(1)).toEqual([result(1, 'fine')]);
  });

  it('answers all that waits with an error when vmkd is gone, and goes on once it is there again', async () => {
    const { vmkd, client, multiplexer } = setUp();
    const one = client();
    one.say({ id: 1, method: 'status' });
    await vmkd.have(1);
    multiplexer.suspend('vmkd was started again');
    expect(await one.have(1)).toMatchObject([
      { id: 1, error: { message: 'vmkd was started again', data: { code: 'host.gone' } } },
    ]);
    one.say({ id: 2, method: 'status' });
    // What the old one has said last is heard by nobody, and its half line is no part of what the new one says.
    vmkd.say(result(1, 'old'));
    vmkd.socket.write('{"id":2,"res');
    await new Promise(setImmediate);
    expect(await vmkd.have(1)).toHaveLength(1);
    multiplexer.resume();
    const asked = await vmkd.have(2);
    vmkd.say(result(asked[1]?.id, 'new'));
    expect((await one.have(2))[1]).toEqual(result(2, 'new'));
  });

  it('answers all that waits when the machine goes, and ends every connection', async () => {
    const { vmkd, client, port } = setUp();
    const [one, idle] = [client(), client()];
    const asked = Array.from({ length: 20 }, (_, id) => JSON.stringify({ id, method: 'wait' }));
    one.socket.write(`${asked.join('\n')}\n`);
    await vmkd.have(16);
    port.destroy();
    const answers = await one.have(20);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(20);
    expect(answers[19]).toMatchObject({ error: { message: 'the host has ended' } });
    one.socket.end();
    idle.socket.end();
    await Promise.all([one.closed, idle.closed]);
  });
});
