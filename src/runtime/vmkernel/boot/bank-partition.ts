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

/**
 * The partition with a GPT partition GUID, on whatever disk it is: the loader passes the GUID, as the
 * firmware's and the kernel's numbers of disks have nothing to do with one another. Undefined where no disk
 * has it; disks without a readable GPT are passed over.
 */
function findPartition(guid: string): BankPartition | undefined {
  for (const disk of readdirSync('/sys/block').filter(isDisk).sort()) {
    const isWanted = (partition: GptPartition): boolean => partition.guid.toLowerCase() === guid;
    const number = partitionNumber(`/dev/${disk}`, isWanted);
    const name = number === undefined ? undefined : partitionName(disk, number);
    if (number !== undefined && name)
      return { number, device: `/dev/${name}`, disk: `/dev/${disk}` };
  }
  return undefined;
}

/** The other bank of the disk that a bank is on; undefined where there is none. */
export function otherBank(bank: BankPartition): BankPartition | undefined {
  const isOther = (partition: GptPartition): boolean =>
    isBankPartition(partition) && partition.number !== bank.number;
  const number = partitionNumber(bank.disk, isOther);
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
  const number = partitionNumber(disk, (partition) => partition.name === name);
  const found = number === undefined ? undefined : partitionName(baseName(disk), number);
  return found && `/dev/${found}`;
}

/**
 * Waits for a partition: disks are found in the background, one on USB seconds after its bus has a driver.
 * `again` is called between two looks. Undefined when it is not there in time.
 */
export async function waitForPartition(
  guid: string,
  timeoutMs: number,
  again: () => Promise<void>,
): Promise<BankPartition | undefined> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = findPartition(guid);
    if (found || performance.now() > end) return found;
    await setTimeout(250);
    await again();
  }
}

/** The name that sysfs has for a disk. */
function baseName(disk: string): string {
  return disk.replace('/dev/', '');
}

function isDisk(name: string): boolean {
  return !/^(loop|ram|zram|sr|fd|dm-|md)/.test(name) && existsSync(`/dev/${name}`);
}

function partitionNumber(
  disk: string,
  isWanted: (partition: GptPartition) => boolean,
): number | undefined {
  try {
    const device = openFileDevice(disk);
    try {
      const { partitions } = readGpt(device);
      return partitions.find(isWanted)?.number;
    } finally {
      device.close();
    }
  } catch {
    // An empty drive or somebody else's disk: not where we come from.
    return undefined;
  }
}

function partitionName(disk: string, number: number): string | undefined {
  const isNumber = (name: string): boolean => {
    const path = `/sys/block/${disk}/${name}/partition`;
    return existsSync(path) && readFileSync(path, 'utf8').trim() === String(number);
  };
  return readdirSync(`/sys/block/${disk}`).find(isNumber);
}
