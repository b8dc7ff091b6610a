import { type Agent, filterOf } from '../../agents/agent.ts';
import { makeWorldGroup, worldGroup } from '../../system/cgroup.ts';
import { killableWord } from '../../system/oom-score.ts';
import { type ProgramGroup, programGroup } from '../../system/program-group.ts';
import { filterDescriptor, keepsCapabilities, worldArgs } from './world-args.ts';

/** Of each process, for good: nobody but root can raise it again. The memory that descriptors take is the group's. */
export const descriptorsWord = 'ulimit -n "$files"';
/** Files, sockets and all else that a process of a world has open, where its row says nothing. */
export const descriptorsMax = 1024;

/**
 * Goes into the world's group while it may, then gives up root's rights for good and becomes bwrap: busybox's `su` keeps its process.
 * What bwrap and the program complain of is heard as well.
 */
const script = `group=$1 files=$2 filter=$3; shift 3
echo 0 >"$group/cgroup.procs" && ${killableWord} && ${descriptorsWord} &&
exec su -p -s /usr/bin/bwrap "$0" -- "$@" ${filterDescriptor}<"$filter" 2>&1`;

/** The same for a program that keeps a capability: root starts bwrap, and what it starts gives up the rest ({@link keepsCapabilities}). */
const capableScript = script.replace('su -p -s /usr/bin/bwrap "$0" --', '/usr/bin/bwrap');

/** Root's programs have a group, too: its limits, and what it takes. */
const plainScript = `files=$2; echo 0 >"$1/cgroup.procs" && ${killableWord} && ${descriptorsWord} && shift 2 && exec "$@"`;

const defaults = { memoryMax: 128 << 20, pidsMax: 64, cpuWeight: 100 };

export interface WorldOptions {
  /** What the agent's user was given, looked at at each start ({@link worldArgs}). */
  readonly granted: readonly string[];
  /** As of `WorldSurroundings`. */
  readonly hasChannel?: boolean;
  /** Default: {@link makeWorldGroup}. */
  readonly makeGroup?: typeof makeWorldGroup;
}

/** How an agent's program is started: in its group for root, in its world for another user. */
export function inWorld(
  agent: Agent,
  path: string,
  { granted, hasChannel = false, makeGroup = makeWorldGroup }: WorldOptions,
): {
  readonly path: string;
  readonly group: ProgramGroup;
  args(own: readonly string[]): readonly string[];
} {
  const { name, user } = agent;
  return {
    path: '/bin/sh',
    group: programGroup(worldGroup(name)),
    args: (own) => {
      const limits = [
        makeGroup(name, { ...defaults, ...agent }),
        String(agent.descriptorsMax ?? descriptorsMax),
      ];
      if (!user) return ['-c', plainScript, name, ...limits, path, ...own];
      const { capabilities } = agent;
      const before = capabilities ? keepsCapabilities(user, capabilities) : [];
      const world = [...worldArgs(agent, { granted, hasChannel }), ...before, path, ...own];
      return [
        ...['-c', capabilities ? capableScript : script, name],
        ...[...limits, filterOf(name), ...world],
      ];
    },
  };
}
