import type { BlockDevice } from '../../../disk/block-device.ts';
import { datastorePartition, scratchPartition } from '../../../disk/datastore-partition.ts';
import { type GptTable, writeGpt } from '../../../disk/gpt.ts';
import type { GptPartition } from '../../../disk/gpt-entry.ts';
import type { RunHelper } from '../../system/run-helper.ts';
import type { DiskFacts } from './disk-facts.ts';
import { type DiskIo, readEnds } from './disk-io.ts';
import { planDisk } from './disk-layout.ts';
import { judgeContents } from './judge-disk.ts';
import { finishedSector, unfinishedSector } from './unfinished-mark.ts';

export interface FormatPort {
  readonly io: DiskIo;
  readonly run: RunHelper;
  /** A random GUID each time. */
  newGuid(): string;
  /** Whether the bank has a program: not every recipe has those that make file systems. */
  hasProgram(name: string): boolean;
}

/** Why no datastore can be made here; undefined where one can. */
export function missingProgram({ hasProgram }: Pick<FormatPort, 'hasProgram'>): string | undefined {
  return hasProgram('mke2fs') ? undefined : 'this bank has no mke2fs to make a datastore with';
}

/** Not touching but making: a large disk on a slow line takes its time. */
const makeTimeoutMs = 600_000;
const touchTimeoutMs = 10_000;

/**
 * Makes a datastore, called `label`, on a blank disk or on one that was left unfinished: (1) the mark, so that a power cut leaves a disk that is
 * begun again, (2) the partition table, (3) the file systems, (4) the mark is taken away. The disk is looked at once more before the first
 * byte is written. Throws an Error, one sentence; the disk then has its mark, or nothing was written.
 */
export async function formatDisk(
  port: FormatPort,
  { device, bytes }: Pick<DiskFacts, 'device' | 'bytes'>,
  label: string,
): Promise<void> {
  const { io, run, newGuid, hasProgram } = port;
  const path = `/dev/${device}`;
  const sectors = Math.floor(bytes / 512);
  const { state, why } = judgeContents(await readEnds(io, path, bytes));
  if (state !== 'blank' && state !== 'unfinished') {
    throw new Error(`${path}: expected a blank disk, found that ${why ?? `it has a ${state}`}`);
  }
  // 1.
  await io.write(path, 0, unfinishedSector(sectors));
  // 2.
  const table = planDisk(bytes, { newGuid, hasScratch: hasProgram('mkfs.fat') });
  for (const { offset, data } of tableWrites(table, bytes)) await io.write(path, offset, data);
  await must(run, path, 'blockdev', ['--rereadpt', path], touchTimeoutMs);
  // 3.
  await makeFileSystems(port, device, table.partitions, label);
  // 4.
  await io.write(path, 0, finishedSector(sectors));
}

/** The file systems of a datastore, called `label`, and of the scratch partition beside it. Throws as {@link formatDisk}. */
export async function makeFileSystems(
  { run, newGuid }: Pick<FormatPort, 'run' | 'newGuid'>,
  device: string,
  partitions: readonly GptPartition[],
  label: string,
): Promise<void> {
  const path = `/dev/${device}`;
  const scratch = scratchPartition(partitions);
  if (scratch) {
    const place = partitionDevice(device, scratch.number);
    await must(run, path, 'mkfs.fat', ['-F', '32', '-n', 'SCRATCH', place], makeTimeoutMs);
  }
  const datastore = datastorePartition(partitions);
  const place = partitionDevice(device, datastore?.number ?? 1);
  const args = [...datastoreOptions, '-L', label, '-U', newGuid(), place];
  await must(run, path, 'mke2fs', args, makeTimeoutMs);
}

async function must(
  run: RunHelper,
  path: string,
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<void> {
  const end = await run(program, args, { timeoutMs });
  if (end.code === 0) return;
  throw new Error(`${program} ${path}: exit code ${end.code}: ${end.error || end.output}`);
}

/**
 * No room is kept back for root, as everything here is root's to give. Tables of inodes and the journal are cleared by the kernel later, and
 * nothing is discarded: the disk is blank.
 */
const datastoreOptions = [
  ...['-q', '-F', '-t', 'ext4', '-m', '0', '-e', 'remount-ro'],
  ...['-E', 'lazy_itable_init=1,lazy_journal_init=1,nodiscard'],
];

/** `/dev/vdb2`, `/dev/nvme0n1p2` */
export function partitionDevice(device: string, number: number): string {
  return `/dev/${device}${/\d$/.test(device) ? 'p' : ''}${number}`;
}

/** What {@link writeGpt} writes, in its order: the disk itself is written by a helper. */
function tableWrites(table: GptTable, bytes: number): { offset: number; data: Uint8Array }[] {
  const writes: { offset: number; data: Uint8Array }[] = [];
  const recorder: BlockDevice = {
    size: bytes,
    read: (_offset, length) => new Uint8Array(length),
    write: (offset, data) => void writes.push({ offset, data: data.slice() }),
    flush: () => {},
  };
  writeGpt(recorder, table);
  return writes;
}
