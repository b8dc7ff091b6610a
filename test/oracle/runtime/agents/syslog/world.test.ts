import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { syslog } from '../../../../../src/runtime/agents/syslog/agent.ts';
import { readForm, statusForm } from '../../../../../src/runtime/agents/syslog/answer-forms.ts';
import type { LogName } from '../../../../../src/runtime/agents/syslog/log-files.ts';
import { callSocket } from '../../../../../src/runtime/system/call-socket.ts';
import { agentFilter } from '../../../../../src/runtime/system/seccomp/agent-filter.ts';
import { openListener } from '../../../../../src/runtime/system/unix-socket.ts';
import { worldArgs } from '../../../../../src/runtime/vmkernel/agents/world-args.ts';
import {
  bundleAgent,
  canMakeWorlds,
  killed,
  outputOf,
  ownLinks,
  spawnWorld,
} from '../../../../support/agent-world.ts';
import { temporaryFiles } from '../../../../unit/recipe/temporary-files.ts';
import { judgedBy } from '../../../components/foreign-tool.ts';

const wait = { timeout: 20_000 };
const user = { uid: 101, gid: 101 };
const works = canMakeWorlds(user);

// The agent as vmkd starts it, with its own filter, and programs of this machine that talk to it.
judgedBy(['bwrap', 'logger'], () => {
  describe.skipIf(!works && !process.env.TWINBANK_EXHAUSTIVE)('the log in its world', () => {
    const folder = temporaryFiles({ kmsg: '', 'logs/.keep': '' });
    const place = (name: string) => join(folder, name);
    let child: ChildProcess;
    let output = (): string => '';
    let receiver: Server;
    const received: string[] = [];

    beforeAll(async () => {
      chmodSync(folder, 0o755);
      chownSync(place('logs'), user.uid, user.gid);
      await bundleAgent('src/runtime/agents/syslog/main.ts', place('syslog.mjs'));
      writeFileSync(place('kmsg'), '6,7,1000,-;Linux version 6.1');
      writeFileSync(place('filter'), agentFilter(syslog));
      receiver = createServer((socket) => socket.on('data', (bytes) => received.push(`${bytes}`)));
      await once(receiver.listen(0, '127.0.0.1'), 'listening');
      const { port } = receiver.address() as { port: number };
      const handed = [openListener(place('agent.sock')), openListener(place('log'), 0o666)];
      const kmsg = openSync(place('kmsg'), 'r');
      const world = worldArgs({ ...syslog, sees: [folder] }, { granted: [], links: ownLinks });
      // The folder of this test stands for the host's.
      world[world.indexOf('--bind') + 1] = place('logs');
      const own = syslog.program.args({ syslog: { targets: [`tcp://127.0.0.1:${port}`] } });
      const args = [...own.slice(0, -2), place('syslog.mjs'), ...own.slice(-1)];
      child = spawnWorld([...world, '/usr/bin/node', ...args], {
        user,
        handed: [...handed.map(({ fd }) => fd), kmsg],
        filter: place('filter'),
      });
      output = outputOf(child);
      for (const one of handed) one.close();
      closeSync(kmsg);
    });
    afterAll(async () => {
      receiver.close();
      await killed(child);
    });

    const ask = (method: string, params = {}): Promise<unknown> =>
      callSocket(
        { name: 'it', socket: place('agent.sock'), notThereCode: 'none', timeoutMs: 20_000 },
        method,
        params,
      ).catch((error: Error) => {
        throw new Error(`${error.message}: ${output()}`);
      });
    const read = async (file: LogName): Promise<string> =>
      readForm(await ask('read', { file }), file).text.replace(/^\S+ /gm, '');

    test('P5: takes what programs say by syslog(3) and by RFC 5424, and the kernel', async () => {
      const say = (...args: string[]) =>
        expect(spawnSync('logger', ['-u', place('log'), ...args]).status).toBe(0);
      say('-t', 'su', '-p', 'auth.info', 'to root');
      say('--rfc5424=notq', '-t', 'app', '-p', 'local0.warning', 'it failed');
      await expect.poll(() => read('auth'), wait).toMatch(/^auth\.info su: to root\n$/);
      await expect.poll(() => read('syslog'), wait).toMatch(/^local0\.warning app: .*it failed\n$/);
      await expect.poll(() => read('vmkernel'), wait).toBe('kern.info kernel: Linux version 6.1\n');
    });

    test('P5: sends them to a receiver, and says so', async () => {
      await expect.poll(() => received.join(''), wait).toContain('it failed');
      expect(received.join('')).toMatch(/\d+ <38>1 \S+ \S+ su - - - to root/);
      const { targets } = statusForm(await ask('status'), 'the log');
      expect(targets).toMatchObject([{ state: 'open', sent: 3, dropped: 0, lastError: null }]);
    });

    test('P5: has files that its user owns, and knows where it has read to', () => {
      expect(readFileSync(place('logs/auth.log'), 'utf8')).toContain('su: to root');
      expect(readFileSync(place('logs/.kernel-log'), 'utf8')).toBe('7');
    });
  });
});
