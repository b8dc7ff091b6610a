import { EventEmitter, once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RpcError } from '../../../../src/protocol/rpc-error.ts';
import { agentConnections } from '../../../../src/runtime/system/agent-connections.ts';
import { socketPair } from '../../../../src/runtime/system/socket-pair.ts';
import { connectedAgents } from '../../../support/agent-connections.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';

type Answer = (id: number, hand: (message: object, socket?: Socket) => void) => Promise<unknown>;

/** An agent whose vmkd answers as is told; `refs` are what keeps it alive. */
function agent(answer: Answer = async () => ({})) {
  const refs: string[] = [];
  const channel = { ref: () => void refs.push('ref'), unref: () => void refs.push('unref') };
  const world = Object.assign(new EventEmitter(), { channel });
  const hand = (message: object, socket?: Socket): void =>
    void world.emit('message', message, socket);
  const calls: unknown[] = [];
  const vmkd = {
    call: (method: string, params?: Record<string, unknown>) => {
      calls.push([method, params]);
      return answer(Number(params?.id), hand);
    },
  };
  return { host: agentConnections(vmkd, world), hand, calls, refs };
}

const sockets = async (): Promise<[Socket, Socket]> => {
  const both = await socketPair(temporaryFiles({}));
  onTestFinished(() => {
    for (const socket of both) socket.destroy();
  });
  return both;
};

describe('K6: an agent that talks to others', () => {
  it('asks vmkd, and gets the connection that was asked for', async () => {
    const [near, far] = await sockets();
    const [other] = await sockets();
    const { host, calls } = agent(async (id, hand) => {
      // What nobody waits for any more is closed.
      hand({ id: id + 100 }, other);
      hand({ id }, near);
    });
    const socket = await host.connectTo('hostd');
    expect([socket, calls]).toEqual([near, [['worlds.connect', { to: 'hostd', id: 1 }]]]);
    expect([other.destroyed, far.destroyed]).toEqual([true, false]);
  });

  it('hears why it gets none', async () => {
    const { host } = agent(async () => {
      throw new RpcError('hostd.no-agent', 'the agent hostd does not run');
    });
    await expect(host.connectTo('hostd')).rejects.toMatchObject({ code: 'hostd.no-agent' });
    await expect(agent().host.connectTo('hostd')).rejects.toThrow('closed before it was there');
  });

  it('serves those that connect by name, also those that came first, and is kept alive by that', async () => {
    const [[first], [second]] = [await sockets(), await sockets()];
    const { host, hand, refs } = agent();
    hand({ from: 'proxy' }, first);
    expect(refs).toEqual(['unref']);
    const served: unknown[] = [];
    host.onConnection((name, socket) => void served.push([name, socket]));
    hand({ from: 'dcui' }, second);
    hand({ from: 'gone' }, undefined);
    expect(served).toEqual([
      ['proxy', first],
      ['dcui', second],
    ]);
    expect(refs).toEqual(['unref', 'ref']);
  });

  it('cannot where no row lets it', () => {
    const world = Object.assign(new EventEmitter(), { channel: undefined });
    expect(() => agentConnections({ call: async () => {} }, world)).toThrow(
      'no row has it in talksTo',
    );
  });

  it('is in a test what its rows say, without vmkd', async () => {
    const { proxy, hostd } = connectedAgents({ proxy: ['hostd', 'cim'], hostd: [] });
    hostd.onConnection((name, socket) => socket.end(`to ${name}`));
    const socket = await proxy.connectTo('hostd');
    expect(String((await once(socket, 'data'))[0])).toBe('to proxy');
    await expect(proxy.connectTo('cim')).rejects.toMatchObject({ code: 'cim.no-agent' });
    await expect(hostd.connectTo('proxy')).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('a pair of sockets', () => {
  it('leaves nothing behind, and is not to be had where nothing can be made', async () => {
    const folder = temporaryFiles({});
    const [near, far] = await socketPair(folder);
    near.end('hello');
    expect(String((await once(far.resume(), 'data'))[0])).toBe('hello');
    far.destroy();
    const again = createServer().listen(folder);
    await once(again, 'error');
    await expect(socketPair(`${folder}/none`)).rejects.toThrow(/ENOENT|EACCES/);
  });
});
