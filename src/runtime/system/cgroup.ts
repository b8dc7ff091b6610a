import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The control groups of the running system (kernel documentation, cgroup-v2). A group with limits below it has no processes of its own
 * ("no internal process constraint"), so the processes are in the leaves:
 *
 *     system/           the pool of the system itself
 *       vmkd/           vmkd, and what it starts without a world
 *       worlds/NAME/    an agent
 *     vm/ID/            the pool of virtual machines: outlives a vmkd that is started again
 */
export const groupRoot = '/sys/fs/cgroup';

/** The groups below the root between which the machine is shared. */
export const pools = ['system', 'vm'] as const;

const controllers = '+cpu +memory +pids';

/**
 * Moves vmkd into a control group of its own, in which every process that it starts will be that is put into no other, and ends
 * whatever an earlier vmkd left there: a second DHCP client would fight the first. True when there was an
 * earlier vmkd. Without control groups (kernel documentation, cgroup-v2: cgroup.kill) nothing is done.
 */
export function takeOverGroup(root = groupRoot): boolean {
  const pool = `${root}/system`;
  try {
    const restarted = mkdirSync(pool, { recursive: true }) === undefined;
    if (restarted) writeFileSync(`${pool}/cgroup.kill`, '1');
    mkdirSync(`${pool}/vmkd`, { recursive: true });
    writeFileSync(`${pool}/vmkd/cgroup.procs`, String(process.pid));
    return restarted;
  } catch {
    return false;
  }
}

export interface WorldLimits {
  /** Bytes. */
  readonly memoryMax: number;
  /** Threads. */
  readonly pidsMax: number;
}

/** The group of an agent's world. */
export function worldGroup(name: string, root = groupRoot): string {
  return `${root}/system/worlds/${name}`;
}

/**
 * Makes the group of a world, if it is not there, and sets its limits: what takes too much memory ends with all of its world, and nobody
 * else. Returns its folder. Throws an Error where the kernel does not let us.
 */
export function makeWorldGroup(name: string, limits: WorldLimits, root = groupRoot): string {
  const own = worldGroup(name, root);
  mkdirSync(own, { recursive: true });
  for (const above of [root, dirname(dirname(own)), dirname(own)]) {
    writeFileSync(`${above}/cgroup.subtree_control`, controllers);
  }
  const values = {
    'memory.max': limits.memoryMax,
    'memory.oom.group': 1,
    'pids.max': limits.pidsMax,
  };
  for (const [file, value] of Object.entries(values)) {
    writeFileSync(`${own}/${file}`, String(value));
  }
  return own;
}
