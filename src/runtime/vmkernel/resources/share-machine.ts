import { mkdirSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import type { PoolSettings, ResourcesSettings } from '../../../state/resources-setting.ts';
import { enableControllers, groupRoot, type PoolName, pools } from '../../system/cgroup.ts';
import { keepFromOutOfMemory } from '../../system/oom-score.ts';

/** How much of the machine a pool gets, by the recipe. */
export interface PoolShares {
  /** Processor time in relation to the other pool's, where both want it: 1 to 10,000. */
  readonly cpuWeight: number;
  /** At most the time of so many processors. */
  readonly processors?: number | undefined;
  /** Bytes that nobody takes from the pool while it uses them. */
  readonly memoryReserved: number;
  /** Bytes that it takes at most. */
  readonly memoryMax?: number | undefined;
}

export type MachineShares = Readonly<Record<PoolName, PoolShares>>;

/** Microseconds: the kernel's own (kernel documentation, cgroup-v2: cpu.max). */
const period = 100_000;
/** The largest number that the kernel takes (Linux, sysctl/fs: file-max). */
const mostDescriptors = String(2n ** 63n - 1n);

/**
 * What the files of each pool's group say. Virtual machines leave the system its reservation, unless the recipe gives them another limit: so
 * it is one of them that ends when they have no memory left. A small machine is halved.
 */
export function poolFiles(
  shares: MachineShares,
  total: number,
): Readonly<Record<PoolName, Readonly<Record<string, string>>>> {
  const left = Math.max(total - shares.system.memoryReserved, Math.floor(total / 2));
  const filesOf = (
    { cpuWeight, processors, memoryReserved, memoryMax }: PoolShares,
    most: number | undefined,
  ) => ({
    'cpu.weight': String(cpuWeight),
    'cpu.max': processors === undefined ? 'max' : `${processors * period} ${period}`,
    'memory.min': String(memoryReserved),
    'memory.max': String(memoryMax ?? most ?? 'max'),
  });
  return {
    system: { ...filesOf(shares.system, undefined), 'memory.swap.max': 'max' },
    // A virtual machine that waits for a disk of the host's would wait for what its owner cannot see.
    vm: { ...filesOf(shares.vm, left), 'memory.swap.max': '0' },
  };
}

/** What the recipe says, and above it what an administrator has set. */
export function settledShares(recipe: MachineShares, setting: ResourcesSettings): MachineShares {
  const settled = (shares: PoolShares, { processors, memoryMax, ...given }: PoolSettings = {}) => ({
    ...shares,
    ...given,
    ...(processors !== undefined && { processors: processors ?? undefined }),
    ...(memoryMax !== undefined && { memoryMax: memoryMax ?? undefined }),
  });
  return { system: settled(recipe.system, setting.system), vm: settled(recipe.vm, setting.vm) };
}

/**
 * Shares a machine that runs already anew; returns what the kernel has not taken, a sentence each. A limit below what a pool takes has
 * the kernel look for memory to take back before it answers, and nobody else waits for that.
 */
export async function sharePools(
  shares: MachineShares,
  { root = groupRoot, total = totalmem() } = {},
): Promise<string[]> {
  const problems: string[] = [];
  const files = poolFiles(shares, total);
  for (const pool of pools) {
    for (const [file, value] of Object.entries(files[pool])) {
      await writeFile(`${root}/${pool}/${file}`, value).catch(({ message }: Error) => {
        problems.push(`pool ${pool}: ${file}: ${message}`);
      });
    }
  }
  return problems;
}

/**
 * Shares the machine between the system and virtual machines, and keeps this process from being the one that ends when there is no memory
 * left: what it starts from then on has to be made one that can be ({@link killable}). Returns what the kernel has not taken, a
 * sentence each.
 */
export function shareMachine(
  shares: MachineShares,
  {
    root = groupRoot,
    total = totalmem(),
    self = '/proc/self',
    fileMax = '/proc/sys/fs/file-max',
  } = {},
): string[] {
  const problems: string[] = [];
  const attempt = (what: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      problems.push(`${what}: ${(error as Error).message}`);
    }
  };
  attempt('priority of vmkd', () => keepFromOutOfMemory(self));
  // Descriptors are memory of the group that has opened them (kernel documentation, cgroup-v2: kmem), and so each world's own affair: with
  // a number for all of the host, a few worlds could take all of them.
  attempt('descriptors', () => writeFileSync(fileMax, mostDescriptors));
  attempt('controllers', () => enableControllers(root));
  const files = poolFiles(shares, total);
  for (const pool of pools) {
    attempt(`pool ${pool}`, () => mkdirSync(`${root}/${pool}`, { recursive: true }));
    for (const [file, value] of Object.entries(files[pool])) {
      attempt(`pool ${pool}: ${file}`, () => writeFileSync(`${root}/${pool}/${file}`, value));
    }
  }
  attempt('vmkd', () => keepInMemory(`${root}/system`));
  return problems;
}

/** What feeds the watchdogs never waits for a disk to have its own memory back. */
function keepInMemory(pool: string): void {
  enableControllers(pool);
  mkdirSync(`${pool}/vmkd`, { recursive: true });
  writeFileSync(`${pool}/vmkd/memory.swap.max`, '0');
}
