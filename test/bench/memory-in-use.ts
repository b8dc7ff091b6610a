import type { BenchRow } from './bench-row.ts';
import { fileOfHost, withQuietHost } from './live-host.ts';

/** What issue and budget allow after boot, without virtual machines (docs/budget.md). */
const allowedBytes = 170e6;

/** Boots the default image and asks the host itself what it uses, a minute after it is ready. */
export const memoryInUseRow: BenchRow = {
  name: 'memory in use',
  meaning: 'memory in use of the default image, a minute after ready / 170 MB',
  runs: 1,
  target: { ratio: 1 },
  setUp: (context) =>
    withQuietHost(context, async (machine) => ({
      oursBytes: usedBytes(await fileOfHost(machine, 'files/proc/meminfo')),
      theirsBytes: allowedBytes,
    })),
};

/** What free(1) calls used: neither free nor of files, those of the bank's layers among them. */
function usedBytes(meminfo: string): number {
  const kib = (name: string): number => {
    const [, value] = new RegExp(`^${name}: +([0-9]+) kB$`, 'm').exec(meminfo) ?? [];
    if (value === undefined) throw new Error(`expected ${name} in /proc/meminfo, found none`);
    return Number(value);
  };
  const others = ['MemFree', 'Buffers', 'Cached', 'SReclaimable'];
  return others.reduce((left, name) => left - kib(name), kib('MemTotal')) * 1024;
}
