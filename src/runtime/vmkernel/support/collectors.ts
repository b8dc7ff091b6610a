import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { journalOfDisk } from '../../../bootloader/store-journal.ts';
import { openFat } from '../../../disk/fat/volume.ts';
import { openFileDevice } from '../../../disk/file-device.ts';
import type { Method } from '../../../protocol/json-rpc.ts';
import type { Agent } from '../../agents/agent.ts';
import { killable } from '../../system/oom-score.ts';
import { namesIn } from '../../system/sys-files.ts';
import { type BankPartition, otherBank } from '../boot/bank-partition.ts';
import { readOemFacts } from '../oem/oem-facts.ts';
import { crashCollectors } from './crash-collectors.ts';
import { processMemory } from './process-memory.ts';

/** Something that a support bundle has a file of. */
export interface Collector {
  /** Path of its file in the bundle. */
  readonly file: string;
  run(): Promise<CollectedOutput>;
}

export interface CollectedOutput {
  readonly bytes: Uint8Array;
  /** Why it is not all; undefined where it is. */
  readonly problem?: string;
}

/** For one collector; what it says beyond is cut. */
export const collectorLimits = { timeoutMs: 30_000, bytes: 4 * 2 ** 20 };

/** What vmkd itself answers, none of it secret, by the files that it becomes. */
const answers: Readonly<Record<string, string>> = {
  'status.json': 'status',
  'config.json': 'config.get',
  'update.json': 'update.status',
  'store.json': 'store.list',
  'storage.json': 'storage.list',
  'worlds.json': 'worlds.list',
  'world-usage.json': 'worlds.stats',
  'listeners.json': 'network.listeners',
  'network.json': 'network.get',
  'coredump/status.json': 'coredump.status',
};

/**
 * What every host has: what vmkd and the agents know, the boots and the banks, the kernel's log, what runs and what is
 * there; and after it what OEMs collect. `bank` is undefined where its disk was not found; `root` is where OEMs have their files.
 */
export function hostCollectors(
  methods: Readonly<Record<string, Method>>,
  agents: readonly Agent[],
  bank: BankPartition | undefined,
  root = '/',
  dumps?: string,
): Collector[] {
  return [
    // Before anything is asked: to collect takes memory and processor, and starts providers.
    jsonCollector('process-memory.json', () => processMemory()),
    ...files.map((path) => ({
      file: `files${path}`,
      run: async () => ({ bytes: readFileSync(path) }),
    })),
    ...Object.entries(answers).flatMap(([file, name]) => answerCollector(methods, file, name, {})),
    ...crashCollectors(methods),
    ...agents.flatMap((agent) => agentCollectors(agent, methods)),
    ...dumpCollectors(dumps),
    jsonCollector('oems.json', () => readOemFacts(root)),
    ...(bank ? diskCollectors(bank) : []),
    ...Object.entries(programs).map(([file, [path, ...args]]) =>
      programCollector(file, path, args),
    ),
    ...oemCollectors(root),
  ];
}

function answerCollector(
  methods: Readonly<Record<string, Method>>,
  file: string,
  name: string,
  params: Readonly<Record<string, unknown>>,
): Collector[] {
  const method = methods[name];
  return method ? [jsonCollector(file, () => method({ ...params }))] : [];
}

/** What an agent's row names. */
function agentCollectors(
  { name, support = [] }: Pick<Agent, 'name' | 'support'>,
  methods: Readonly<Record<string, Method>>,
): Collector[] {
  return support.flatMap((entry) => {
    if ('method' in entry) {
      const { file, method, params = {} } = entry;
      return answerCollector(methods, file, `${name}.${method}`, params);
    }
    const [path, ...args] = entry.program;
    return [programCollector(entry.file, path, args)];
  });
}

/** Of worlds that have ended: what vmkd has written of each. */
function dumpCollectors(folder: string | undefined): Collector[] {
  const names = folder === undefined ? [] : namesIn(folder);
  return names.map((name) => ({
    file: `worlds/${name}`,
    run: async () => ({ bytes: readFileSync(`${folder}/${name}`) }),
  }));
}

function diskCollectors(bank: BankPartition): Collector[] {
  return [
    jsonCollector('boot-journal.json', () => withDevice(bank.disk, journalOfDisk)),
    ...[bank, otherBank(bank)].flatMap((one) =>
      one
        ? {
            file: `boot-cfg/bank${one.number}.cfg`,
            run: async () => ({
              bytes: withDevice(one.device, (device) => openFat(device).read('boot.cfg')),
            }),
          }
        : [],
    ),
  ];
}

const programs: Readonly<Record<string, readonly [path: string, ...args: string[]]>> = {
  'dmesg.txt': ['/bin/dmesg'],
  'processes.txt': ['/bin/ps'],
  'memory.txt': ['/usr/bin/free'],
  'disk-space.txt': ['/bin/df', '-k'],
  'network.txt': ['/sbin/ip', 'addr'],
  'routes.txt': ['/sbin/ip', 'route'],
};

const files = [
  '/proc/meminfo',
  '/proc/stat',
  '/proc/cmdline',
  '/proc/cpuinfo',
  '/proc/interrupts',
  '/proc/modules',
  '/proc/mounts',
  '/proc/partitions',
  // Of vmkd, which reads it.
  '/proc/self/oom_score_adj',
  '/proc/bus/pci/devices',
];

/** The collectors of the bank's OEMs, with their programs at hand. */
export function oemCollectors(root = '/'): Collector[] {
  return readOemFacts(root).flatMap(({ name, support }) =>
    (support?.scripts ?? []).map((script) =>
      programCollector(`oem/${name}/${basename(script)}.txt`, script, [], {
        PATH: `/usr/lib/twinbank/oem/${name}/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
        LD_LIBRARY_PATH: `/usr/lib/twinbank/oem/${name}/lib`,
      }),
    ),
  );
}

function withDevice<T>(path: string, use: (device: ReturnType<typeof openFileDevice>) => T): T {
  const device = openFileDevice(path);
  try {
    return use(device);
  } finally {
    device.close();
  }
}

function jsonCollector(file: string, answer: () => unknown): Collector {
  return {
    file,
    run: async () => ({ bytes: Buffer.from(`${JSON.stringify(await answer(), null, 2)}\n`) }),
  };
}

/**
 * What a program prints, on both of its streams. One that takes too long is killed with all that it has started; one that
 * prints too much is killed as well, and what there is by then is kept.
 */
export function programCollector(
  file: string,
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  limits = collectorLimits,
): Collector {
  return {
    file,
    run: () =>
      new Promise((resolve) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        let problem: string | undefined;
        // A group of its own, so that its children end with it.
        const child = spawn(path, args, {
          stdio: ['ignore', 'pipe', 'pipe'],
          detached: true,
          env,
          cwd: '/',
        });
        killable(child);
        const kill = (why: string): void => {
          problem ??= why;
          try {
            if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
          } catch {
            // All of it has ended.
          }
        };
        let over = false;
        const end = (why?: string): void => {
          if (over) return;
          over = true;
          clearTimeout(timer);
          const found = problem ?? why;
          resolve({ bytes: Buffer.concat(chunks), ...(found !== undefined && { problem: found }) });
        };
        const timer = setTimeout(() => {
          kill(`it did not end in ${limits.timeoutMs / 1000} s`);
          // One that hangs in the kernel is not waited for.
          end();
        }, limits.timeoutMs);
        const hear = (chunk: Buffer): void => {
          if (bytes < limits.bytes) chunks.push(chunk.subarray(0, limits.bytes - bytes));
          bytes += chunk.length;
          if (bytes > limits.bytes) kill(`it said more than ${limits.bytes} bytes`);
        };
        child.stdout.on('data', hear);
        child.stderr.on('data', hear);
        child.once('error', (error) => end(error.message));
        child.once('close', (code, signal) => {
          if (code === 0) return end();
          end(signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`);
        });
      }),
  };
}
