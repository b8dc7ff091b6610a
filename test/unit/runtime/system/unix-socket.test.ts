import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Method } from '../../../../src/protocol/json-rpc.ts';
import { rpcClient } from '../../../../src/protocol/rpc-client.ts';
import { jsonRpc } from '../../../../src/protocol/rpc-dialect.ts';
import { supervise } from '../../../../src/runtime/system/supervisor.ts';
import { openListener, serveUnixSocket } from '../../../../src/runtime/system/unix-socket.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';

let release: () => void;
const methods: Record<string, Method> = {
  echo: (params) => params,
  wait: () =>
    new Promise((resolve) => {
      release = () => resolve('at last');
    }),
  big: () => 'x'.repeat(100_000),
};

describe('a socket that is opened for a program', () => {
  /** Answers one line, and ends. */
  const program = `const server = require('node:net').createServer((socket) => {
    socket.on('data', () => { socket.end('heard\\n'); server.close(); });
  });
  server.listen({ fd: 3 });`;
  const ask = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(path, () => socket.write('x\n'));
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('error', reject).on('close', () => resolve(text));
    });

  it("is the program's alone: with it nobody listens any more, and the next one takes its place", async () => {
    const folder = temporaryFiles({ shadow: '' });
    const path = join(folder, 'lamp.sock');
    symlinkSync(join(folder, 'shadow'), path);
    const ends: string[] = [];
    const start = () => {
      const args = ['-e', program];
      return supervise(
        { name: 'lamp', path: process.execPath, args, socket: path },
        { onEnd: (why) => void ends.push(why), pauseMs: 1e6 },
      );
    };
    for (const _time of [1, 2]) {
      const running = start();
      expect(statSync(path).mode & 0o777).toBe(0o600);
      // Before it runs: its caller is kept waiting, and not refused.
      expect(await ask(path)).toBe('heard\n');
      await expect.poll(() => ends.pop(), { timeout: 20_000 }).toBe('it ended with exit code 0');
      await expect(ask(path)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await running.stop();
    }
    expect(readdirSync(folder)).toEqual(['lamp.sock', 'shadow']);
  });

  it("is not opened in a folder that is the program's", () => {
    const folder = temporaryFiles({ x: '' });
    chownSync(folder, 110, 110);
    expect(() => openListener(join(folder, 'lamp.sock'))).toThrow('found one of user 110');
    expect(readdirSync(folder)).toEqual(['x']);
  });
});

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
