import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
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
export type PoolName = (typeof pools)[number];

/** Lets the groups below a group have weights, limits and numbers. Throws an Error where the kernel does not let us. */
export function enableControllers(folder: string): void {
  writeFileSync(`${folder}/cgroup.subtree_control`, '+cpu +memory +pids');
}

/**
 * Moves vmkd into a control group of its own, in which every process that it starts will be that is put into no other, and ends
 * whatever an earlier vmkd left there: a second DHCP client would fight the first. True when there was an
 * earlier vmkd. Without control groups (kernel documentation, cgroup-v2: cgroup.kill) nothing is done.
 */
export function takeOverGroup(root = groupRoot): boolean {
  const pool = `${root}/system`;
  try {
    const restarted = mkdirSync(pool, { recursive: true }) === undefined;
    if (restarted) {
      writeFileSync(`${pool}/cgroup.kill`, '1');
      endGroup(firmwareCheckGroup(root));
    }
    mkdirSync(`${pool}/vmkd`, { recursive: true });
    writeFileSync(`${pool}/vmkd/cgroup.procs`, String(process.pid));
    return restarted;
  } catch {
    return false;
  }
}

/** The machine that only shows that there can be one: vmkd's own, which ends with it. */
export function firmwareCheckGroup(root = groupRoot): string {
  return `${root}/vm/firmware-check`;
}

/** Ends all processes of a group, if there is one. */
export function endGroup(folder: string): void {
  if (existsSync(folder)) writeFileSync(`${folder}/cgroup.kill`, '1');
}

/** Makes the group of a virtual machine, if it is not there. Throws an Error where the kernel does not let us. */
export function makeMachineGroup(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const above of [dirname(dirname(folder)), dirname(folder)]) enableControllers(above);
  writeFileSync(`${folder}/memory.oom.group`, '1');
  return folder;
}

export interface WorldLimits {
  /** Bytes. */
  readonly memoryMax: number;
  /** Threads. */
  readonly pidsMax: number;
  /** Processor time in relation to the other worlds', 1 to 10,000. */
  readonly cpuWeight: number;
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
  for (const above of [root, dirname(dirname(own)), dirname(own)]) enableControllers(above);
  const values = {
    'cpu.weight': limits.cpuWeight,
    'memory.max': limits.memoryMax,
    // As much again where there is a swap file, so that one world cannot have all of it.
    'memory.swap.max': limits.memoryMax,
    'memory.oom.group': 1,
    'pids.max': limits.pidsMax,
  };
  for (const [file, value] of Object.entries(values)) {
    writeFileSync(`${own}/${file}`, String(value));
  }
  return own;
}
