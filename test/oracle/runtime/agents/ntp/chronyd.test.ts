import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ntp } from '../../../../../src/runtime/agents/ntp/agent.ts';
import { statusForm } from '../../../../../src/runtime/agents/ntp/status.ts';
import { callSocket } from '../../../../../src/runtime/system/call-socket.ts';
import { agentFilter } from '../../../../../src/runtime/system/seccomp/agent-filter.ts';
import { openListener } from '../../../../../src/runtime/system/unix-socket.ts';
import {
  keepsCapabilities,
  worldArgs,
} from '../../../../../src/runtime/vmkernel/agents/world-args.ts';
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

const user = { uid: 106, gid: 106 };
/** Of this machine's loopback, where nobody else serves time. */
const server = '127.0.0.2';
const works = canMakeWorlds('root');

// The agent as vmkd starts it, with its own filter; only the clock of this machine is left alone.
judgedBy(['bwrap', 'chronyd', 'setpriv'], () => {
  describe.skipIf(!works && !process.env.TWINBANK_EXHAUSTIVE)('the time agent in its world', () => {
    const folder = temporaryFiles({
      'drift/.keep': '',
      passwd: `ntp:x:${user.uid}:${user.gid}::/:/bin/false\n`,
    });
    const place = (name: string) => join(folder, name);
    writeFileSync(
      place('server.conf'),
      `local stratum 3
allow
bindaddress ${server}
cmdport 0
bindcmdaddress /
pidfile ${place('pid')}
`,
    );
    const children: ChildProcess[] = [];
    let output = (): string => '';

    beforeAll(async () => {
      chmodSync(folder, 0o755);
      chownSync(place('drift'), user.uid, user.gid);
      const own = ['-d', '-x', '-u', 'root', '-f', place('server.conf')];
      children.push(spawn('chronyd', [...own], { stdio: 'ignore' }));
      await bundleAgent('src/runtime/agents/ntp/main.ts', place('ntp.mjs'));
      writeFileSync(place('filter'), agentFilter(ntp));
      const listener = openListener(place('agent.sock'));
      const world = worldArgs({ ...ntp, sees: [folder] }, { granted: [], links: ownLinks });
      // The folder and the users of this test stand for the host's.
      world[world.indexOf('--bind') + 1] = place('drift');
      world[world.indexOf('/etc/passwd')] = place('passwd');
      const program = ['/usr/bin/node', place('ntp.mjs')];
      const setup = JSON.stringify({ servers: [server], from: 'settings', watchOnly: true });
      const kept = keepsCapabilities(user, ntp.capabilities ?? []);
      const child = spawnWorld([...world, ...kept, ...program, setup], {
        user: 'root',
        handed: [listener.fd],
        filter: place('filter'),
      });
      children.push(child);
      output = outputOf(child);
      listener.close();
    });
    afterAll(async () => {
      for (const child of children) await killed(child);
    });

    const status = async () =>
      statusForm(
        await callSocket(
          { name: 'it', socket: place('agent.sock'), notThereCode: 'none', timeoutMs: 20_000 },
          'status',
          {},
        ),
        'the status',
      );

    test('P7: follows a server, and says how far the clock is off', async () => {
      const follows = async () => {
        const found = await status().catch(({ message }: Error) => ({ message }));
        return { ...found, output: output() };
      };
      await expect
        .poll(follows, { timeout: 40_000 })
        .toMatchObject({ synchronised: true, source: server, stratum: 4, problem: null });
      const { offset, drift, rootDispersion } = await status();
      expect(Math.abs(offset ?? 9)).toBeLessThan(0.1);
      expect(Math.abs(drift ?? 999)).toBeLessThan(500);
      expect(rootDispersion).toBeGreaterThan(0);
    }, 60_000);

    test('P7: has the right to set the clock, and no other', () => {
      const { pid } = children[1] as ChildProcess;
      const below = (of: number): number[] => {
        const text = readFileSync(`/proc/${of}/task/${of}/children`, 'utf8');
        return text
          .split(' ')
          .filter(Boolean)
          .map(Number)
          .flatMap((one) => [one, ...below(one)]);
      };
      const found = below(pid as number).map((one) => readFileSync(`/proc/${one}/status`, 'utf8'));
      const programs = found.filter((text) => /^Name:\t(node|chronyd)$/m.test(text));
      expect(programs).toHaveLength(2);
      for (const text of programs) {
        expect(text).toMatch(/^Uid:\t106\t106\t106\t106$/m);
        expect(text).toMatch(/^NoNewPrivs:\t1$/m);
        // CAP_SYS_TIME is number 25 (linux/capability.h).
        for (const set of ['Prm', 'Eff', 'Bnd', 'Amb']) {
          expect(text).toMatch(new RegExp(`^Cap${set}:\t0000000002000000$`, 'm'));
        }
      }
    });
  });
});
