import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Of vmkd and all that it starts. A group with limits below it has no processes of its own (cgroup-v2: no internal process constraint). */
const group = '/sys/fs/cgroup/vmkd';

/**
 * Moves vmkd into a control group of its own, in which every process that it starts will be that is put into no other, and ends
 * whatever an earlier vmkd left there: a second DHCP client would fight the first. True when there was an
 * earlier vmkd. Without control groups (kernel documentation, cgroup-v2: cgroup.kill) nothing is done.
 */
export function takeOverGroup(folder = group): boolean {
  try {
    const restarted = mkdirSync(folder, { recursive: true }) === undefined;
    if (restarted) writeFileSync(`${folder}/cgroup.kill`, '1');
    mkdirSync(`${folder}/self`, { recursive: true });
    writeFileSync(`${folder}/self/cgroup.procs`, String(process.pid));
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

/**
 * Makes the group of a world, if it is not there, and sets its limits: what takes too much memory ends with all of its world, and nobody
 * else. Returns its folder. Throws an Error where the kernel does not let us.
 */
export function makeWorldGroup(name: string, limits: WorldLimits, folder = group): string {
  const own = `${folder}/worlds/${name}`;
  mkdirSync(own, { recursive: true });
  for (const above of [dirname(folder), folder, dirname(own)]) {
    writeFileSync(`${above}/cgroup.subtree_control`, '+memory +pids');
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
