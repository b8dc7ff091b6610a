import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { handoverLimits, openHandover } from '../../../../src/runtime/system/handover.ts';
import { socketPair } from '../../../../src/runtime/system/socket-pair.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
});

/** A program with a channel: a line of Node, or without Node's side of the channel one of a shell. */
function program(source: string, { stallMs = 10_000, shell = false } = {}) {
  const args = shell ? ['/bin/sh', '-c', source] : [process.execPath, '-e', source];
  const child = spawn(args[0] ?? '', args.slice(1), {
    stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
  });
  children.push(child);
  let onBreach: (why: string) => void = () => {};
  const breach = new Promise<string>((resolve) => {
    onBreach = resolve;
  });
  return { child, breach, handover: openHandover(child, onBreach, { ...handoverLimits, stallMs }) };
}

const pair = (): Promise<[Socket, Socket]> => socketPair(temporaryFiles({}));
/** What a socket hears until its other side closes it. */
const heard = (socket: Socket): Promise<string> => text(socket);
const answers = `process.on('message', ({ from }, socket) => socket.end(from))`;
const misuse = 'it sent vmkd something where it only gets connections';

describe('K6: the way by which a world gets connections', () => {
  it('hands them over one after another, with what was written before', async () => {
    const { handover } = program(
      `process.on('message', ({ from }, socket) => socket.once('data', (text) => socket.end(from + text)))`,
    );
    const pairs = await Promise.all([pair(), pair(), pair()]);
    pairs.forEach(([, far], index) => void far.write(` heard ${index}`));
    await Promise.all(pairs.map(([near], index) => handover.give({ from: `a${index}` }, near)));
    expect(await Promise.all(pairs.map(([, far]) => heard(far)))).toEqual([
      'a0 heard 0',
      'a1 heard 1',
      'a2 heard 2',
    ]);
  });

  it.each([
    ['bytes without an end', 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxx; done >&3 2>/dev/null'],
    ['a text', 'printf x >&3; exec sleep 1000'],
    ['that it took one which nobody gave', `echo '{"cmd":"NODE_HANDLE_ACK"}' >&3; exec sleep 1000`],
  ])('ends a world that sends %s', async (_, source) => {
    const { breach, handover } = program(source, { shell: true });
    expect(await breach).toBe(misuse);
    await handover.over;
    const [near, far] = await pair();
    await expect(handover.give({}, near)).rejects.toThrow('it has ended');
    expect(await heard(far)).toBe('');
  });

  it('closes descriptors that a world sends, and ends it', async () => {
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    const { child, breach } = program(
      `const { createServer } = require('node:net');
      const one = createServer().listen(0, '127.0.0.1', () => process.send({}, one));
      setInterval(() => {}, 1000)`,
    );
    expect(await breach).toBe(misuse);
    child.kill('SIGKILL');
    await once(child, 'close');
    await expect.poll(descriptors).toBeLessThanOrEqual(before);
  });

  it('ends a world that takes none, and nobody waits for it', async () => {
    const { child, breach, handover } = program('exec sleep 1000', { stallMs: 50, shell: true });
    const pairs = await Promise.all([pair(), pair()]);
    const given = pairs.map(([near]) => handover.give({}, near).catch(({ message }) => message));
    expect(await breach).toBe('it did not take a connection from vmkd');
    expect(await Promise.all(given)).toEqual(['it has ended', 'it has ended']);
    child.kill('SIGKILL');
    // Also the one that it was about to take: nobody keeps a copy.
    expect(await Promise.all(pairs.map(([, far]) => heard(far)))).toEqual(['', '']);
  });

  it('refuses what is too much for one that is slow to take', async () => {
    const { handover } = program('exec sleep 1000', { shell: true });
    const pairs = await Promise.all(Array.from({ length: handoverLimits.waiting + 2 }, pair));
    const given = pairs.map(([near]) => handover.give({}, near));
    await expect(given.pop()).rejects.toThrow('32 connections wait for it already');
    for (const one of given) one.catch(() => {});
    expect(await heard(pairs.at(-1)![1])).toBe('');
  });

  it('goes on after one that the world had no descriptor for', async () => {
    const { child, handover } = program(
      `read -r line <&3; echo '{"cmd":"NODE_HANDLE_NACK"}' >&3; read -r line <&3; printf '{"cmd":"NODE_' >&3; echo half; read -r line; echo 'HANDLE_ACK"}' >&3; exec sleep 1000`,
      { shell: true },
    );
    const [[first], [second]] = await Promise.all([pair(), pair()]);
    const given = [handover.give({}, first), handover.give({}, second)];
    await expect(given[0]).rejects.toThrow('it has no descriptor left');
    // The second answer comes in two parts.
    await once(child.stdout!, 'data');
    child.stdin?.write('\n');
    await given[1];
  });

  it('is over when the world has ended', async () => {
    const { child, handover } = program(answers);
    const [near, far] = await pair();
    await handover.give({ from: 'lamp' }, near);
    expect(await heard(far)).toBe('lamp');
    child.kill('SIGKILL');
    await handover.over;
    await once(child, 'close');
  });

  it('is not opened where nothing can guard it', () => {
    const child = spawn('/bin/true', { stdio: 'ignore' });
    children.push(child);
    expect(() => openHandover(child, () => {})).toThrow('found none in this engine');
  });
});
