import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Handover,
  handoverLimits,
  openHandover,
} from '../../../../../src/runtime/system/handover.ts';
import { agentFilter } from '../../../../../src/runtime/system/seccomp/agent-filter.ts';
import { socketPair } from '../../../../../src/runtime/system/socket-pair.ts';
import type { Program } from '../../../../../src/runtime/system/start-program.ts';
import { type Running, supervise } from '../../../../../src/runtime/system/supervisor.ts';
import { connectionBroker } from '../../../../../src/runtime/vmkernel/agents/connection-broker.ts';
import {
  filterDescriptor,
  worldArgs,
} from '../../../../../src/runtime/vmkernel/agents/world-args.ts';
import { serveWorld } from '../../../../../src/runtime/vmkernel/agents/world-connection.ts';
import { bundleAgent, canMakeWorlds, ownLinks } from '../../../../support/agent-world.ts';
import { markdownTable, regenerate } from '../../../../support/generated-page.ts';
import { temporaryFiles } from '../../../../unit/recipe/temporary-files.ts';
import { judgedBy } from '../../../components/foreign-tool.ts';

const user = { uid: 142, gid: 142 };
const folder = temporaryFiles({});
chmodSync(folder, 0o755);
writeFileSync(join(folder, 'filter'), agentFilter({}));
copyFileSync(join(import.meta.dirname, 'hostile-handover.mjs'), join(folder, 'hostile.mjs'));

/** Worlds that run, which end with their test. */
const running: Running[] = [];
afterEach(() => Promise.all(running.splice(0).map((one) => one.stop())));

/** As vmkd starts an agent, but for its group, which build machines have none of: su and setpriv become its user alike. */
const script = `exec setpriv --reuid ${user.uid} --regid ${user.gid} --clear-groups bwrap "$@" ${filterDescriptor}<"$0" 2>&1`;

interface World {
  readonly running: Running;
  /** Resolves with the lines so far, once one of them is right. */
  until(isRight: (line: string) => boolean): Promise<string[]>;
  /** Why it has ended by itself. */
  readonly ended: Promise<string>;
}

function start(
  name: string,
  args: readonly string[],
  more: Partial<Program> & { hasChannel?: boolean } = {},
): World {
  const { hasChannel = true, ...program } = more;
  const world = worldArgs({ name, sees: [folder] }, { granted: [], links: ownLinks, hasChannel });
  let text = '';
  const waiting: (() => void)[] = [];
  let end: (why: string) => void = () => {};
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const one = supervise(
    {
      ...{ name, path: '/bin/sh', ...program },
      args: ['-c', script, join(folder, 'filter'), ...world, '/usr/bin/node', ...args],
    },
    {
      onOutput: (chunk) => {
        text += chunk;
        for (const look of waiting) look();
      },
      onEnd: end,
      pauseMs: 1e6,
    },
  );
  running.push(one);
  const until: World['until'] = (isRight) =>
    new Promise((resolve) => {
      const look = (): void => {
        const lines = text.split('\n').slice(0, -1);
        if (lines.some(isRight)) resolve(lines);
      };
      waiting.push(look);
      look();
    });
  return { running: one, until, ended };
}

/** A broker, and agents of its rows in worlds. */
function agents(rows: Readonly<Record<string, readonly string[]>>) {
  const reported: string[] = [];
  const list = Object.entries(rows).map(([name, talksTo]) => ({
    name,
    ...(talksTo.length > 0 && { talksTo }),
  }));
  const broker = connectionBroker(list, {
    report: (line) => void reported.push(line),
    pair: () => socketPair(folder),
  });
  const startOne = (name: string, ...args: string[]): World =>
    start(name, [join(folder, 'talking.mjs'), ...args], {
      connection: (socket, onBreach) => serveWorld(socket, broker.methods(name), onBreach),
      handover: (child, onBreach) => broker.attach(name, openHandover(child, onBreach)),
    });
  return { broker, reported, startOne };
}

/** What a world does with the descriptor of its connections: an argument of hostile-handover.mjs, and whether Node has the channel. */
const misuses: Readonly<Record<string, readonly [string, boolean]>> = {
  'sends a message without an end': ['endless', false],
  'sends messages without an end': ['lines', false],
  'sends what is no message': ['text', false],
  'says that it took a connection, which nobody gave it': ['taken', false],
  "sends messages of Node's own": ['message', true],
  'sends a descriptor': ['handle', true],
  'takes no connection that it is given': ['deaf', false],
};

async function misuse(how: string, hasChannel: boolean) {
  const lag = monitorEventLoopDelay({ resolution: 5 });
  lag.enable();
  const before = process.memoryUsage.rss();
  const deaf: Handover[] = [];
  const world = start('hostile', [join(folder, 'hostile.mjs'), how], {
    hasChannel,
    handover: (child, onBreach) => {
      // Only one that does nothing is waited for: on a busy machine a world may be slow.
      const limits = { ...handoverLimits, ...(how === 'deaf' && { stallMs: 500 }) };
      deaf.push(openHandover(child, onBreach, limits));
    },
  });
  if (how === 'deaf') {
    await world.until((line) => line === 'ready');
    const [near, far] = await socketPair(folder);
    await expect(deaf[0]?.give({ from: 'lamp' }, near)).rejects.toThrow('it has ended');
    far.destroy();
  }
  const result = `it is ended: ${await world.ended}`;
  lag.disable();
  return { result, lagMs: lag.max / 1e6, grownBytes: process.memoryUsage.rss() - before };
}

judgedBy(['bwrap', 'setpriv'], () => {
  // A container may have no user name spaces.
  describe.skipIf(!canMakeWorlds(user) && !process.env.TWINBANK_EXHAUSTIVE)('worlds', () => {
    beforeAll(async () => {
      const source = resolve(import.meta.dirname, '../../../../support/talking-agent.ts');
      await bundleAgent(source, join(folder, 'talking.mjs'));
    });

    test('K6: talk to each other by what vmkd hands them, and to nobody that their row does not have', async () => {
      const { broker, reported, startOne } = agents({
        hostd: [],
        proxy: ['hostd', 'cim'],
        cim: [],
      });
      startOne('hostd', 'serve');
      const proxy = startOne('proxy', 'stay', 'hostd', 'cim', 'syslog', 'hostd');
      const lines = await proxy.until((line) => line.startsWith('usage'));
      expect(lines.slice(0, 3)).toEqual([
        'to proxy again ',
        'cim.no-agent: the agent cim does not run',
        'usage: to: expected hostd, cim, found "syslog"',
      ]);
      // Once more: one has to be there for each that asks.
      await proxy.until(() => broker.counts('proxy').made === 2);
      expect(broker.counts('proxy').refused).toBe(1);
      expect(reported).toEqual(['agent proxy: asked for a connection that its row does not have']);
    });

    test('K6: hear that the other has ended, and get its next instance', async () => {
      const { startOne } = agents({ hostd: [], proxy: ['hostd'], dcui: ['hostd'] });
      const hostd = startOne('hostd', 'serve');
      const proxy = startOne('proxy', 'stay', 'hostd');
      await proxy.until((line) => line === 'to proxy again ');
      expect(await hostd.running.restart()).toBeUndefined();
      await proxy.until((line) => line === 'hostd has gone');
      const dcui = startOne('dcui', 'stay', 'hostd');
      await dcui.until((line) => line === 'to dcui again ');
      await dcui.running.stop();
      await hostd.until((line) => line === 'dcui has gone');
    });

    test('K6: are ended where they misuse the way by which they get connections, and vmkd goes on', async () => {
      const rows: [string, string][] = [];
      for (const [what, [how, hasChannel]] of Object.entries(misuses)) {
        const { result, lagMs, grownBytes } = await misuse(how, hasChannel);
        rows.push([what, result]);
        // A watchdog of ten seconds, the shortest, is fed four times in that.
        expect(lagMs, what).toBeLessThan(2500);
        // Without a guard it was 250 MiB in half a second.
        expect(grownBytes, what).toBeLessThan(64 << 20);
        await turn();
      }
      const page = resolve(import.meta.dirname, '../../../../../docs/worlds.md');
      const handover = () => markdownTable(['a world that', 'result'], rows);
      const made = regenerate(readFileSync(page, 'utf8'), { handover }, 'keep');
      await expect(made.text).toMatchFileSnapshot(page);
    });
  });
});
