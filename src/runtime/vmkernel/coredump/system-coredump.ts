import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { imagePartitions } from '../../../bootloader/image-partitions.ts';
import { openFileDevice } from '../../../disk/file-device.ts';
import { readGpt } from '../../../disk/gpt.ts';
import { encodeGuid } from '../../../disk/guid.ts';
import { type BankPartition, partitionByNumber } from '../boot/bank-partition.ts';
import { type CoredumpPort, type CoredumpService, coredumpService } from './coredump-service.ts';
import type { DumpPlace } from './dump-command-line.ts';
import { loadDumpKernel } from './dump-kernel.ts';

const number = imagePartitions.find(({ role }) => role === 'coredump')?.number ?? 0;

export interface CoredumpSystem extends Pick<CoredumpPort, 'assertOnlyBank' | 'line' | 'journal'> {
  readonly bank: BankPartition | undefined;
  /** Why the bank's manifests are not to be trusted; undefined where they are. */
  readonly manifestProblem: string | undefined;
}

/** Core dumps of the running system: into the disk that it was booted from. */
export function systemCoredump({
  bank,
  manifestProblem,
  ...rest
}: CoredumpSystem): CoredumpService {
  const numberIn = (path: string): number => Number(readFileSync(path, 'utf8'));
  // Asked for once: it does not change, and is EBUSY for as long as a kernel is being loaded (Linux, kernel/kexec_core.c).
  let kept: number | undefined;
  const keptBytes = (): number => {
    kept ??= numberIn('/sys/kernel/kexec_crash_size');
    return kept;
  };
  return coredumpService({
    ...rest,
    hasDisk: bank !== undefined,
    commandLine: readFileSync('/proc/cmdline', 'utf8'),
    memoryBytes: totalmem,
    keptBytes,
    isLoaded: () => numberIn('/sys/kernel/kexec_crash_loaded') === 1,
    openPartition() {
      const path = bank && partitionByNumber(bank.disk, number);
      return path === undefined ? undefined : openFileDevice(path, { writable: true });
    },
    async load() {
      if (!bank) throw new Error('no disk has the bank that runs');
      if (manifestProblem !== undefined) throw new Error(manifestProblem);
      await loadDumpKernel(bank, dumpPlace(bank.disk));
    },
  });
}

/** The dump kernel knows the partition by what the disk itself says of it: its disks may have other names. */
function dumpPlace(disk: string): DumpPlace {
  const device = openFileDevice(disk);
  try {
    const found = readGpt(device).partitions.find((one) => one.number === number);
    if (!found) throw new Error('its disk has no core-dump partition');
    return { number, guidBytes: Buffer.from(encodeGuid(found.guid)).toString('hex') };
  } finally {
    device.close();
  }
}
