import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Method } from '../../../src/protocol/json-rpc.ts';
import { rpcClient } from '../../../src/protocol/rpc-client.ts';
import { jsonRpc } from '../../../src/protocol/rpc-dialect.ts';
import { serveUnixSocket } from '../../../src/runtime/system/unix-socket.ts';
import { type Port, serveVirtioPort } from '../../../src/runtime/system/virtio-port.ts';
import { vmkdMethods } from '../../../src/runtime/vmkernel/methods.ts';

let release: () => void;
const methods: Record<string, Method> = {
  echo: (params) => params,
  wait: () =>
    new Promise((resolve) => {
      release = () => resolve('at last');
    }),
  big: () => 'x'.repeat(100_000),
};

describe('the management socket', () => {
  let folder: string;
  let path: string;
  let server: Server;
  const sockets: Socket[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vmkd-'));
    path = join(folder, 'vmkd.sock');
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true });
  });

  async function serve(): Promise<void> {
    server = serveUnixSocket(path, methods, () => {});
    await new Promise((resolve) => server.once('listening', resolve));
  }

  function client(): Socket {
    const socket = connect(path);
    sockets.push(socket);
    return socket;
  }

  it('answers several callers, and the fast ones while a slow one waits', async () => {
    await serve();
    const one = rpcClient(client(), { dialect: jsonRpc });
    const two = rpcClient(client(), { dialect: jsonRpc });
    const slow = one.call('wait');
    expect(await one.call('echo', { n: 1 })).toEqual({ n: 1 });
    expect(await two.call('echo', { n: 2 })).toEqual({ n: 2 });
    release();
    expect(await slow).toBe('at last');
  });

  it('is for root alone, and takes the place of one that was left', async () => {
    writeFileSync(path, 'left by an earlier vmkd');
    await serve();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await rpcClient(client(), { dialect: jsonRpc }).call('echo')).toEqual({});
  });

  it('outlives a caller that goes away before its answer', async () => {
    await serve();
    const socket = client();
    await new Promise((done) => socket.write('{"id":1,"method":"big"}\n'.repeat(50), done));
    socket.destroy();
    expect(await rpcClient(client(), { dialect: jsonRpc }).call('echo')).toEqual({});
  });

  it('gives every answer to one that asks much before it reads', async () => {
    await serve();
    const socket = client();
    socket.pause();
    await new Promise((done) => socket.write('{"id":1,"method":"big"}\n'.repeat(100), done));
    expect(await rpcClient(client(), { dialect: jsonRpc }).call('echo')).toEqual({});
    let bytes = 0;
    await new Promise<void>((done) => {
      socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes >= 100 * 100_000) done();
      });
      socket.resume();
    });
    expect(bytes).toBeGreaterThan(100 * 100_000);
  });

  it('says what keeps it from being there', async () => {
    const failed = new Promise<Error>((resolve) => {
      server = serveUnixSocket(join(folder, 'no/such/folder.sock'), methods, resolve);
    });
    expect((await failed).message).toContain('listen');
    expect(existsSync(path)).toBe(false);
  });
});

/** A virtio-serial port whose host does what the script says, one entry for each look at it. */
function scriptedPort(script: (Uint8Array | 'away' | 'silent')[], takes = 1 << 20) {
  const sent: Buffer[] = [];
  let looks = 0;
  const port: Port = {
    read(buffer) {
      const step = script[looks++];
      if (step === undefined) throw new Error('ENODEV: no such device, read');
      if (step === 'away') return 0;
      if (step === 'silent') return undefined;
      buffer.set(step);
      return step.length;
    },
    write(bytes) {
      const part = Buffer.from(bytes.subarray(0, takes));
      sent.push(part);
      return part.length;
    },
  };
  return { port, text: () => Buffer.concat(sent).toString(), looks: () => looks };
}

const request = (id: number, params: object = {}): Buffer =>
  Buffer.from(`${JSON.stringify({ id, method: 'echo', params })}\n`);

describe('the virtio-serial port', () => {
  it('answers what comes in pieces, cut inside a character too', async () => {
    const whole = request(1, { text: 'Grüße 🚀' });
    const pieces = [...whole].map((byte) => Uint8Array.of(byte));
    const { port, text } = scriptedPort([...pieces, 'silent', 'silent']);
    await expect(serveVirtioPort(port, methods)).rejects.toThrow('ENODEV');
    expect(JSON.parse(text())).toEqual({ jsonrpc: '2.0', id: 1, result: { text: 'Grüße 🚀' } });
  });

  it('forgets half a line when the host disconnects', async () => {
    const half = Buffer.from('{"id":1,"met');
    const { port, text } = scriptedPort([half, 'away', request(2), 'silent', 'silent']);
    await expect(serveVirtioPort(port, methods)).rejects.toThrow('ENODEV');
    expect(text()).toBe('{"jsonrpc":"2.0","id":2,"result":{}}\n');
  });

  it('sends an answer in as many parts as the host takes', async () => {
    const { port, text } = scriptedPort([request(1), ...Array(40).fill('silent')], 3);
    await expect(serveVirtioPort(port, methods)).rejects.toThrow('ENODEV');
    expect(text()).toBe('{"jsonrpc":"2.0","id":1,"result":{}}\n');
  });

  it('does not give an answer to whoever connects after the one that asked', async () => {
    const slow = Buffer.from('{"id":1,"method":"wait"}\n');
    const { port, text } = scriptedPort([
      slow,
      'silent',
      'away',
      request(2),
      'silent',
      'silent',
      'silent',
    ]);
    const served = serveVirtioPort(port, {
      ...methods,
      echo: (params) => {
        release();
        return params;
      },
    });
    await expect(served).rejects.toThrow('ENODEV');
    expect(text()).toBe('{"jsonrpc":"2.0","id":2,"result":{}}\n');
  });

  it('reads no more from a host that does not read', async () => {
    const ask = Buffer.from('{"id":1,"method":"big"}\n'.repeat(20));
    const { port, looks } = scriptedPort(Array(50).fill(ask), 0);
    let writes = 0;
    const blocked: Port = {
      ...port,
      write: () => {
        if (++writes === 20) throw new Error('unplugged');
        return 0;
      },
    };
    await expect(serveVirtioPort(blocked, methods)).rejects.toThrow('unplugged');
    expect(looks()).toBeLessThan(4);
  });
});

describe("vmkd's methods", () => {
  const stops: string[] = [];
  const refusedBank = { bank: 6, why: 'invalid' };
  const system = {
    clock: { sincePowerOn: () => 31.25, sinceKernel: () => 21 },
    signed: [{ origin: 'base', keyIds: ['0123456789abcdef'] }],
    command: {
      build: '0.1.0-1',
      bank: 5,
      trial: false,
      layers: ['engine'],
      refused: [refusedBank],
    },
    drivers: { devices: 60, loaded: ['virtio_blk'], failed: [] },
    interfaces: ['eth0'],
    watchdogs: () => ['/dev/watchdog0'],
    phase: () => 'ready' as const,
    problems: () => ['no network address'],
    configuration: () => ({ generation: 3, bank: 5, saved: true, problem: null }),
    stop: (how: string) => void stops.push(how),
  };
  const answers = vmkdMethods(system);

  it('tell the status', async () => {
    expect(await answers.status!({})).toMatchObject({
      build: '0.1.0-1',
      bank: 5,
      state: 'ready',
      problems: ['no network address'],
      refused: [{ bank: 6, why: 'invalid' }],
      watchdogs: ['/dev/watchdog0'],
      secondsSincePowerOn: 31.25,
      drivers: { devices: 60 },
      network: { interfaces: ['eth0'], leases: [] },
      configuration: { generation: 3, bank: 5, saved: true, problem: null },
    });
  });

  it('end the system after the answer, in the way asked for or not at all', async () => {
    for (const mode of ['sideways', null, 7, 'toString']) {
      await expect(answers.shutdown!({ mode })).rejects.toThrow(
        `mode: expected power-off or reboot, found ${JSON.stringify(mode)}`,
      );
    }
    expect(await answers.shutdown!({ mode: 'reboot' })).toEqual({ mode: 'reboot' });
    expect(await answers.shutdown!({})).toEqual({ mode: 'power-off' });
    expect(stops).toEqual([]);
    while (stops.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(stops).toEqual(['reboot', 'power-off']);
  });
});
