import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Agent } from '../../../../../src/runtime/agents/agent.ts';
import { supervise } from '../../../../../src/runtime/system/supervisor.ts';
import {
  agentListeners,
  type ListenerReport,
} from '../../../../../src/runtime/vmkernel/agents/agent-listeners.ts';
import { serveWorld } from '../../../../../src/runtime/vmkernel/agents/world-connection.ts';
import type { ListenerSettings } from '../../../../../src/state/listener-settings.ts';
import { bundleAgent } from '../../../../support/agent-world.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

const program = join(temporaryFiles({}), 'agent.mjs');
beforeAll(() => bundleAgent('test/support/listening-agent.ts', program));

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}

/** An agent that really listens, in a process of its own, started and told as vmkd does it; only its world is not there. */
async function listeningAgent(first: ListenerSettings = {}) {
  const file = join(temporaryFiles({}), 'listeners.json');
  const ports = { glow: await freePort(), hum: await freePort() };
  const lines: string[] = [];
  const timers: { readonly ms: number; act(): void }[] = [];
  let settings = first;
  let output = '';
  const agent: Agent = {
    ...{ name: 'lamp', description: 'Lamp', program: { path: program, args: () => [file] } },
    listens: Object.entries(ports).map(([name, port]) => ({ name, port })),
  };
  const listeners = agentListeners(agent, {
    settings: () => settings,
    report: (line) => void lines.push(line),
    writeFile: (_agent, content) => {
      writeFileSync(`${file}.new`, content);
      renameSync(`${file}.new`, file);
    },
    after: (ms, act) => {
      timers.push({ ms, act });
      return () => {};
    },
  });
  const args = (): string[] => {
    listeners.begin();
    return [program, file];
  };
  const running = supervise(
    {
      ...{ name: 'lamp', path: process.execPath, args, opens: listeners.opens },
      connection: (end, onBreach) => serveWorld(end, listeners.methods, onBreach),
    },
    { onOutput: (chunk) => (output += chunk) },
  );
  onTestFinished(() => running.stop());
  const said = async (...words: string[]): Promise<void> => {
    await expect.poll(() => output, { timeout: 20_000 }).toContain(words.join('\n'));
    output = '';
  };
  return {
    ...{ listeners, running, said, lines, timers, file },
    /** As `config.set` does it: the file at once, a new start where what is open changes. */
    set(next: ListenerSettings): void {
      settings = next;
      listeners.tell();
      if (listeners.isStale()) void running.restart();
    },
    list: (): readonly ListenerReport[] => listeners.list(true),
    connect: (name: keyof typeof ports): Socket => connect(ports[name], '127.0.0.1'),
  };
}

/** What a peer hears of an echo, or how it was sent away. */
async function ask(socket: Socket): Promise<string> {
  try {
    socket.write('light');
    const [heard] = await once(socket, 'data');
    return String(heard);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  }
}

test('K6: serves what is on, and has nothing open that is off', async () => {
  const lamp = await listeningAgent({ hum: { enabled: false } });
  await lamp.said('glow is open', 'hum is closed');
  expect(await ask(lamp.connect('glow'))).toBe('light');
  expect(await ask(lamp.connect('hum'))).toBe('ECONNREFUSED');
  expect(lamp.list()).toMatchObject([
    { name: 'glow', agent: 'lamp', enabled: true, allowed: null, open: true, refused: 0 },
    { name: 'hum', agent: 'lamp', enabled: false, allowed: null, open: false },
  ]);
  lamp.set({ glow: { enabled: false } });
  await lamp.said('glow is closed', 'hum is open');
  expect(await ask(lamp.connect('glow'))).toBe('ECONNREFUSED');
  expect(await ask(lamp.connect('hum'))).toBe('light');
});

test('K6: sends away whom the settings do not allow from the next connection on, and counts them', async () => {
  const lamp = await listeningAgent();
  await lamp.said('glow is open', 'hum is open');
  const before = lamp.connect('glow');
  expect(await ask(before)).toBe('light');
  lamp.set({ glow: { enabled: true, allowed: ['192.0.2.0/24', '::1'] } });
  for (const _time of [1, 2, 3]) expect(await ask(lamp.connect('glow'))).toBe('ECONNRESET');
  // Others are not asked, and nobody who is in is thrown out.
  expect(await ask(lamp.connect('hum'))).toBe('light');
  expect(await ask(before)).toBe('light');
  before.destroy();
  await expect
    .poll(lamp.list, { timeout: 10_000 })
    .toMatchObject([{ refused: 3, lastRefused: '::ffff:127.0.0.1' }, { refused: 0 }]);
  expect(lamp.lines).toEqual([
    'listener glow: refused 3 peers that its settings do not allow, last ::ffff:127.0.0.1',
  ]);
  lamp.set({ glow: { enabled: true, allowed: ['127.0.0.0/8'] } });
  expect(await ask(lamp.connect('glow'))).toBe('light');
});

test('K6: tells of refused peers once a minute, however many come', async () => {
  const allowed = ['192.0.2.1'];
  const lamp = await listeningAgent({ glow: { enabled: true, allowed } });
  const { lines, timers } = lamp;
  await lamp.said('glow is open');
  const refuse = async (count: number): Promise<void> => {
    await lamp.listeners.methods['listeners.refused']?.({
      refused: [{ name: 'glow', count, last: '10.0.0.9' }],
    });
  };
  for (const count of [1, 400, 2]) await refuse(count);
  const sentence = (peers: string) =>
    `listener glow: refused ${peers} that its settings do not allow, last 10.0.0.9`;
  expect([lines, timers.map(({ ms }) => ms)]).toEqual([[sentence('a peer')], [60_000]]);
  timers.pop()?.act();
  expect(lines).toEqual([sentence('a peer'), sentence('402 peers')]);
  // A minute without one more: the next is told at once.
  timers.pop()?.act();
  await refuse(5);
  expect(lines.slice(2)).toEqual([sentence('5 peers')]);
});

test.each([
  { name: 'other', count: 1, last: '10.0.0.9' },
  { name: 'glow', count: 0, last: '10.0.0.9' },
  { name: 'glow', count: 1.5, last: '10.0.0.9' },
  { name: 'glow', count: 1, last: 'x\u001b[2J' },
])('K6: believes no agent that says %j of its peers', async (one) => {
  const { listeners, lines, list } = await listeningAgent();
  const note = listeners.methods['listeners.refused'];
  expect(() => note?.({ refused: [one] })).toThrow('expected own listeners, counts and addresses');
  expect([lines, list()]).toMatchObject([[], [{ refused: 0 }, { refused: 0 }]]);
});

test('K6: lets nobody in where the agent cannot read who may', async () => {
  const lamp = await listeningAgent();
  await lamp.said('glow is open');
  writeFileSync(lamp.file, 'half');
  expect(await ask(lamp.connect('glow'))).toBe('ECONNRESET');
  await lamp.said('listeners.json: expected JSON');
  expect(readFileSync(lamp.file, 'utf8')).toBe('half');
});

test('says of a port that another program has that it cannot be opened', async () => {
  const port = await freePort();
  const other = createServer().listen(port);
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const row = { name: 'lamp', description: 'Lamp', program: { path: '', args: () => [] } };
  const listeners = agentListeners(
    { ...row, listens: [{ name: 'glow', port }] },
    { settings: () => ({}), report: () => {}, writeFile: () => {} },
  );
  listeners.begin();
  expect(() => listeners.opens[0]?.()).toThrow(
    `TCP port ${port}, which another program may have: could not be listened at`,
  );
});
