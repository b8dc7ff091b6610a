import type { WorldsList, WorldsStats } from '../../../hostcore/world-answers.ts';
import type { Method } from '../../../protocol/json-rpc.ts';
import { RpcError } from '../../../protocol/rpc-error.ts';
import type { Agent } from '../../agents/agent.ts';
import { groupRoot, pools, worldGroup } from '../../system/cgroup.ts';
import { readGroupUsage } from '../../system/group-usage.ts';
import type { Running } from '../../system/supervisor.ts';

export interface WorldsPort {
  readonly rows: readonly Pick<Agent, 'name' | 'user'>[];
  /** The same agents. */
  readonly running: readonly Pick<Running, 'name' | 'problem' | 'report' | 'restart'>[];
  /** What a world has asked for of connections to others. */
  connections(name: string): WorldsStats['worlds'][number]['connections'];
  /** The swap file of all worlds; null where there is none. */
  swap(): WorldsStats['swap'];
  /** Default: `/sys/fs/cgroup`. */
  readonly groups?: string;
  /** How long a world that is started again may take to run; default 30 s. */
  readonly restartTimeoutMs?: number;
}

/** `worlds.list`, `worlds.stats` and `worlds.restart` (docs/vmkd.md). */
export function worldMethods(port: WorldsPort): Record<string, Method> {
  const { rows, running, connections, swap, groups = groupRoot, restartTimeoutMs = 30_000 } = port;
  return {
    'worlds.list': (): WorldsList => ({
      worlds: running.map(({ name, problem, report }) => {
        const { state, pid = null, restarts, lastEnd } = report();
        const user = rows.find((row) => row.name === name)?.user ? name : 'root';
        const end = lastEnd ? { ...lastEnd, time: Math.floor(lastEnd.time / 1000) } : null;
        return { name, user, state, pid, problem: problem() ?? null, restarts, lastEnd: end };
      }),
    }),
    'worlds.stats': (): WorldsStats => ({
      worlds: running.map(({ name }) => {
        const usage = readGroupUsage(worldGroup(name, groups));
        return { name, ...usage, connections: { ...connections(name) } };
      }),
      pools: pools.map((name) => ({ name, ...readGroupUsage(`${groups}/${name}`) })),
      swap: swap(),
    }),
    'worlds.restart': async ({ name }) => {
      const world = running.find((one) => one.name === name);
      if (!world) {
        const known = running.map((one) => one.name).join(', ') || 'none, as no agent runs';
        throw new RpcError('usage', `name: expected ${known}, found ${JSON.stringify(name)}`);
      }
      const problem = await inTime(world.restart(), restartTimeoutMs);
      if (problem !== undefined) throw new RpcError('worlds.down', `${world.name}: ${problem}`);
      return { name: world.name, state: world.report().state };
    },
  };
}

function inTime(
  problem: Promise<string | undefined>,
  timeoutMs: number,
): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, `it does not run after ${timeoutMs / 1000} s`);
  });
  return Promise.race([problem, timeout]).finally(() => clearTimeout(timer));
}
