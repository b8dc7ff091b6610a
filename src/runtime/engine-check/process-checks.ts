import { deepEqual, equal, match } from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/** A thread with shared memory, messages and transferred memory, and an error of its that arrives. */
export async function checkWorkers(): Promise<void> {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    parentPort.once('message', (bytes) => {
      Atomics.add(workerData, 0, bytes.length);
      parentPort.postMessage(bytes, [bytes.buffer]);
      setImmediate(() => { throw new RangeError('of the thread'); });
    });`;
  const worker = new Worker(code, { eval: true, workerData: shared });
  const failed = once(worker, 'error');
  worker.postMessage(new Uint8Array(5));
  // Before the error, or it would be thrown here.
  const [answer] = await new Promise<unknown[]>((resolve) => {
    worker.once('message', (...args) => resolve(args));
  });
  deepEqual(answer, new Uint8Array(5));
  equal(Atomics.load(shared, 0), 5);
  equal((await failed)[0].name, 'RangeError');
}

/** Programs, the engine itself among them: what they print, how they end, and messages with a socket both ways. */
export async function checkChildren(engine: readonly string[]): Promise<void> {
  const shell = spawn('/bin/sh', ['-c', 'cat; exit 3'], { stdio: ['pipe', 'pipe', 'inherit'] });
  shell.stdin.end('through cat');
  const [printed, [code]] = await Promise.all([text(shell.stdout), once(shell, 'close')]);
  deepEqual([printed, code], ['through cat', 3]);

  const script = `process.once('message', (message, server) =>
    process.send({ message, listening: server.listening }, () => {
      server.close();
      process.disconnect();
    }))`;
  const child = startEngine(engine, ['-e', script], 'ipc');
  const server: Server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  child.send({ one: [1] }, server);
  const [[answer], [ended]] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
  deepEqual([answer, ended], [{ message: { one: [1] }, listening: true }, 0]);
  server.close();

  const killed = startEngine(engine, ['-e', 'setInterval(() => {}, 1000)'], 'ignore');
  await once(killed, 'spawn');
  killed.kill('SIGTERM');
  equal((await once(killed, 'exit'))[1], 'SIGTERM');
}

/** An error that nobody catches ends the engine with its stack and exit code 1; so do a missing file and a full stack. */
export async function checkErrors(engine: readonly string[]): Promise<void> {
  const deep =
    'const f = (n) => 1 + f(n + 1); try { f(0) } catch (error) { throw Error(error.name) }';
  for (const [script, expected] of [
    ['JSON.parse("{")', /SyntaxError: .*JSON[\s\S]*at JSON\.parse/],
    ['require("fs").readFileSync("/none")', /ENOENT: no such file/],
    ['process.nextTick(() => Promise.reject(new TypeError("late")))', /TypeError: late/],
    [deep, /Error: RangeError/],
    [
      'new BigUint64Array(2 ** 40)',
      /RangeError: (?:Invalid typed array length|Array buffer allocation failed)/,
    ],
  ] as const) {
    const child = startEngine(engine, ['-e', script], 'ignore');
    const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    match(errors, expected);
    equal(code, 1);
  }
}

/** Timers, promises, contexts, weak references, code that the optimising compiler has compiled. */
export async function checkLanguage(): Promise<void> {
  const storage = new AsyncLocalStorage<number>();
  equal(await storage.run(7, () => sleep(1).then(() => storage.getStore())), 7);
  let sum = 0;
  const add = (list: readonly number[]): void => {
    for (const one of list) sum += Math.imul(one, 3) % 7;
  };
  for (let round = 0; round < 20_000; round++) add([1, 2, 3, 4, 5]);
  equal(sum, 20_000 * 17);
  deepEqual(structuredClone(new Map([[{ a: 1n }, [/x/g]]])), new Map([[{ a: 1n }, [/x/g]]]));
  match('2026-11-30', /^(?<year>\d{4})-\p{Nd}{2}-(?!00)\d\d$/u);
  const words: Record<string, unknown> = await import('node:os');
  equal(typeof words.hostname, 'function');
}

function startEngine(
  engine: readonly string[],
  args: readonly string[],
  channel: 'ipc' | 'ignore',
) {
  const [command = '', ...first] = engine;
  return spawn(command, [...first, ...args], {
    stdio: ['ignore', 'ignore', 'pipe', channel],
  }) as ReturnType<typeof spawn> & { stderr: NodeJS.ReadableStream };
}
