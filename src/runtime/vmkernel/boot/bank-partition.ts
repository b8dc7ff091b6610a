import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { isBankPartition } from '../../../bootloader/image-partitions.ts';
import { openFileDevice } from '../../../disk/file-device.ts';
import { readGpt } from '../../../disk/gpt.ts';
import type { GptPartition } from '../../../disk/gpt-entry.ts';

/** A partition of the disk that the system was booted from. */
export interface BankPartition {
  /** GPT partition number. */
  readonly number: number;
  /** `/dev/vda5` */
  readonly device: string;
  /** `/dev/vda` */
  readonly disk: string;
}

/** Where the kernel shows its disks, and where their devices are. */
export interface DiskFolders {
  readonly block: string;
  readonly dev: string;
}

export const systemDisks: DiskFolders = { block: '/sys/block', dev: '/dev' };

/**
 * The partitions with a GPT partition GUID, on whatever disks: the loader passes the GUID, as the
 * firmware's and the kernel's numbers of disks have nothing to do with one another. Disks without a readable GPT are passed
 * over, and so are further ways to the same disk. With `wanted`, no disk is read on which the kernel has no partition of that number: one
 * that does not answer any more would hold up whoever asks, watchdogs included.
 */
export function findPartitions(
  guid: string,
  folders: DiskFolders = systemDisks,
  wanted?: number,
): BankPartition[] {
  const seen = new Set<string>();
  return diskNames(folders).flatMap((name) => {
    if (wanted !== undefined && partitionName(name, wanted, folders) === undefined) return [];
    const disk = `${folders.dev}/${name}`;
    const numbers = partitionNumbers(disk, (one) => one.guid.toLowerCase() === guid);
    const id = numbers.length > 0 ? worldWideName(name, folders) : undefined;
    if (id !== undefined && seen.has(id)) return [];
    if (id !== undefined) seen.add(id);
    return numbers.flatMap((number) => {
      const found = partitionName(name, number, folders);
      return found === undefined ? [] : [{ number, device: `${folders.dev}/${found}`, disk }];
    });
  });
}

/** The disks that are there now; one that takes the name of another is told from it. */
export function listDisks(folders: DiskFolders = systemDisks): string[] {
  return diskNames(folders).map(
    (name) => `${name}:${readLine(`${folders.block}/${name}/diskseq`)}`,
  );
}

/** By a name that no two disks share; a serial number is none. */
function worldWideName(disk: string, { block }: DiskFolders): string | undefined {
  const names = [`${block}/${disk}/wwid`, `${block}/${disk}/device/wwid`].map(readLine);
  return names.find((name) => /^(naa|eui|uuid)\./.test(name));
}

/** The other bank of the disk that a bank is on; undefined where there is none. */
export function otherBank(bank: BankPartition): BankPartition | undefined {
  const isOther = (partition: GptPartition): boolean =>
    isBankPartition(partition) && partition.number !== bank.number;
  const [number] = partitionNumbers(bank.disk, isOther);
  const name = number === undefined ? undefined : partitionName(baseName(bank.disk), number);
  return number !== undefined && name
    ? { number, device: `/dev/${name}`, disk: bank.disk }
    : undefined;
}

/** The device of the partition with a number on a disk. */
export function partitionByNumber(disk: string, number: number): string | undefined {
  const name = partitionName(baseName(disk), number);
  return name && `/dev/${name}`;
}

/** The device of the partition with a name on a disk, such as `store` on `/dev/vda`. */
export function partitionByName(disk: string, name: string): string | undefined {
  const [number] = partitionNumbers(disk, (partition) => partition.name === name);
  const found = number === undefined ? undefined : partitionName(baseName(disk), number);
  return found && `/dev/${found}`;
}

const longestPauseMs = 250;

/**
 * Waits for a partition: disks are found in the background, one on USB seconds after its bus has a driver.
 * `again` is called between two looks. Undefined when it is not there in time. Where more than one has the GUID, the
 * first of them; a `BankGuard` tells.
 */
export async function waitForPartition(
  guid: string,
  timeoutMs: number,
  again: () => Promise<void>,
): Promise<BankPartition | undefined> {
  const end = performance.now() + timeoutMs;
  let pauseMs = 20;
  for (;;) {
    const [found] = findPartitions(guid);
    if (found || performance.now() > end) return found;
    await setTimeout(pauseMs);
    // Nearly every disk is there a moment after its driver; for one on USB nobody has to hurry.
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    await again();
  }
}

/** The name that sysfs has for a disk. */
function baseName(disk: string): string {
  return disk.replace('/dev/', '');
}

function diskNames({ block, dev }: DiskFolders): string[] {
  const isDisk = (name: string): boolean =>
    !/^(loop|ram|zram|sr|fd|dm-|md)/.test(name) && existsSync(`${dev}/${name}`);
  return readdirSync(block).filter(isDisk).sort();
}

function partitionNumbers(
  disk: string,
  isWanted: (partition: GptPartition) => boolean,
): readonly number[] {
  try {
    const device = openFileDevice(disk);
    try {
      const { partitions } = readGpt(device);
      return partitions.filter(isWanted).map(({ number }) => number);
    } finally {
      device.close();
    }
  } catch {
    // An empty drive or somebody else's disk: not where we come from.
    return [];
  }
}

function partitionName(
  disk: string,
  number: number,
  { block }: DiskFolders = systemDisks,
): string | undefined {
  const isNumber = (name: string): boolean =>
    readLine(`${block}/${disk}/${name}/partition`) === String(number);
  return readdirSync(`${block}/${disk}`).find(isNumber);
}

/** What a file of sysfs says; '' where there is none. */
function readLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
