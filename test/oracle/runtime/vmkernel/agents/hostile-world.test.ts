import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, closeSync, copyFileSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { agentFilter } from '../../../../../src/runtime/system/seccomp/agent-filter.ts';
import { vmkdDescriptor } from '../../../../../src/runtime/system/vmkd-connection.ts';
import { worldArgs } from '../../../../../src/runtime/vmkernel/agents/world-args.ts';
import {
  connectionLimits,
  serveWorld,
} from '../../../../../src/runtime/vmkernel/agents/world-connection.ts';
import { canMakeWorlds, ownLinks, spawnWorld } from '../../../../support/agent-world.ts';
import { markdownTable, regenerate } from '../../../../support/generated-page.ts';
import { temporaryFiles } from '../../../../unit/recipe/temporary-files.ts';
import { judgedBy } from '../../../components/foreign-tool.ts';

const user = { uid: 142, gid: 142 };
/** What the machine has of its own: a disk, a clock, a log. */
const device = ['/dev/vda', '/dev/sda', '/dev/rtc0', '/dev/kmsg'].find(canBeOpened) ?? '/dev/kmsg';

function canBeOpened(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'));
    return true;
  } catch {
    return false;
  }
}

const folder = temporaryFiles({ 'secret/key': 'secret' });
chmodSync(folder, 0o755);
chmodSync(join(folder, 'secret'), 0o750);
for (const program of ['hostile.mjs', 'hostile-connection.mjs'])
  copyFileSync(join(import.meta.dirname, program), join(folder, program));
writeFileSync(join(folder, 'filter'), agentFilter({}));

const servers: Server[] = [];
async function serverAt(
  where: { host: string; port: number } | string,
  connected = (): void => {},
) {
  const server = createServer((socket) => {
    connected();
    socket.on('error', () => {});
    socket.destroy();
  });
  servers.push(server);
  server.listen(where);
  await once(server, 'listening');
  return server;
}
const loopback = { host: '127.0.0.1', port: 0 };
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
afterAll(() => {
  for (const server of servers) server.close();
});

/** Runs the hostile program; how often the host's server was reached, and what it says of each attempt. */
async function attack(
  inWorld: boolean,
): Promise<{ reached: number; results: Record<string, string> }> {
  let reached = 0;
  const target = await serverAt(loopback, () => void reached++);
  const abstract = `twinbank-hostile-${process.pid}-${inWorld}`;
  await serverAt(`\0${abstract}`);
  const path = join(folder, `open-${inWorld}.sock`);
  await serverAt(path);
  chmodSync(path, 0o777);
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const victim = spawn('sleep', ['600'], { stdio: 'ignore' });
  // Opened as vmkd does, for the program alone: a client waits at each.
  const handed = await Promise.all([1, 2, 3].map(() => serverAt(loopback)));
  const fds = handed.map((server) => (server as unknown as { _handle: { fd: number } })._handle.fd);
  const facts = {
    ...{ device, abstract, path, victim: victim.pid, pid: process.pid },
    ...{ secret: join(folder, 'secret/key'), port: portOf(target), datagrams: udp.address().port },
  };
  const program = ['/usr/bin/node', join(folder, 'hostile.mjs'), JSON.stringify(facts)];
  const child = inWorld ? startInWorld(program, fds) : startPlain(program, fds);
  for (const server of handed) {
    const client = connect(portOf(server), '127.0.0.1');
    client.on('error', () => {});
    server.close();
  }
  const [said, problems] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
  victim.kill('SIGKILL');
  udp.close();
  if (said === '') throw new Error(`the hostile program said nothing: ${problems}`);
  return { reached, results: JSON.parse(said) };
}

function startPlain([file = '', ...args]: readonly string[], fds: readonly number[]): ChildProcess {
  return spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe', ...fds] });
}

function startInWorld(
  program: readonly string[],
  fds: readonly number[],
  connection?: 'pipe',
): ChildProcess {
  const sees = [folder];
  const world = worldArgs({ name: 'hostile', sees }, { granted: [], links: ownLinks });
  const unused = Array.from({ length: vmkdDescriptor - 3 }, () => 'ignore' as const);
  return spawnWorld([...world, ...program], {
    user,
    handed: connection ? [...unused, connection] : fds,
    filter: join(folder, 'filter'),
  });
}

/** Done by root on the bank's Linux 6.1. Later kernels refuse it by themselves, and then it shows nothing of a world. */
const turnedListeners = [
  'connect by a handed listener (AF_UNSPEC first)',
  'connect by a handed listener (shutdown, MSG_FASTOPEN)',
];

/** What a world does with its connection, as the arguments of hostile-connection.mjs. */
const misuses = {
  'asks for a method that is not in its row': 'other',
  'asks without end': 'flood',
  'asks without an id, so that nobody waits for an answer': 'notify',
  'sends blank lines without end': 'blank',
  'sends a request without an end': 'endless',
  'sends half a request, and waits': 'half',
  'sends what is no JSON': 'text',
  'sends wrong types': 'types',
  'sends a request of 100,000 levels': 'deep',
  'asks, and reads no answer': 'deaf',
};

/** What becomes of a world that misuses its connection to vmkd, and how long this process, in vmkd's place, did not turn meanwhile. */
async function misuse(how: string): Promise<{ result: string; lagMs: number }> {
  const program = ['/usr/bin/node', join(folder, 'hostile-connection.mjs'), how];
  const lag = monitorEventLoopDelay({ resolution: 5 });
  lag.enable();
  const child = startInWorld(program, [], 'pipe');
  const methods = { status: () => ({ state: 'ready' }), large: () => 'x'.repeat(1 << 16) };
  const result = await new Promise<string>((resolve) => {
    // Only those that do nothing more are waited for: on a busy machine a world may be slow.
    const waits = how === 'half' || how === 'deaf';
    const limits = { ...connectionLimits, ...(waits && { stallMs: 500 }) };
    const ended = (why: string): void => resolve(`it is ended: ${why}`);
    serveWorld(child.stdio.at(vmkdDescriptor) as Duplex, methods, ended, limits);
    // What the world was answered, where it goes on.
    void text(child.stdout!).then((said) => said !== '' && resolve(said));
  });
  lag.disable();
  child.kill('SIGKILL');
  return { result, lagMs: lag.max / 1e6 };
}

const works = canMakeWorlds(user);

judgedBy(['bwrap', 'perl'], () => {
  // A container may have no user name spaces.
  describe.skipIf(!works && !process.env.TWINBANK_EXHAUSTIVE)('a hostile agent', () => {
    const page = resolve(import.meta.dirname, '../../../../../docs/worlds.md');

    test('K6: does without a world what it cannot do in one', async () => {
      const plain = await attack(false);
      const world = await attack(true);
      const names = Object.keys(plain.results);
      expect(Object.keys(world.results)).toEqual(names);
      const refused = turnedListeners.filter((name) => plain.results[name] === 'EINVAL');
      const plainly = (name: string) => (refused.includes(name) ? 'done' : plain.results[name]!);
      expect(names.filter((name) => plainly(name) !== 'done')).toEqual([]);
      expect(names.filter((name) => world.results[name] === 'done')).toEqual([]);
      // Once by its own socket, and three times by handed ones.
      expect([plain.reached, world.reached]).toEqual([4 - refused.length, 0]);
      const rows = names.map((name) => [name, plainly(name), world.results[name]!]);
      const attempts = () =>
        markdownTable(['attempt', 'as root, without a world', 'in a world'], rows);
      const made = regenerate(readFileSync(page, 'utf8'), { attempts }, 'keep');
      expect(made.names).toEqual(['attempts', 'connection', 'handover']);
      await expect(made.text).toMatchFileSnapshot(page);
    });

    test('K6: is ended where it misuses its connection, and vmkd goes on', async () => {
      const rows: [string, string][] = [];
      for (const [what, how] of Object.entries(misuses)) {
        const { result, lagMs } = await misuse(how);
        rows.push([what, result]);
        // A watchdog of ten seconds, the shortest, is fed four times in that.
        expect(lagMs, what).toBeLessThan(2500);
      }
      const connection = () => markdownTable(['a world that', 'result'], rows);
      const made = regenerate(readFileSync(page, 'utf8'), { connection }, 'keep');
      await expect(made.text).toMatchFileSnapshot(page);
    });
  });
});
