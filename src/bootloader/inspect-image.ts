import { setImmediate } from 'node:timers/promises';
import { TwinbankError } from '../diagnostics/error.ts';
import { type Report, silent } from '../diagnostics/progress.ts';
import { readBankMagic } from '../disk/bank-magic.ts';
import { type BlockDevice, sliceDevice } from '../disk/block-device.ts';
import { equalBytesDigest } from '../disk/extents-digest.ts';
import type { Finding } from '../disk/finding.ts';
import { type GptReading, readGpt } from '../disk/gpt.ts';
import type { GptPartition } from '../disk/gpt-entry.ts';
import { readProtectiveMbr } from '../disk/mbr.ts';
import { partitionDevice } from '../disk/partition-device.ts';
import { sizeByGpt, truncatedDevice } from '../disk/truncated-device.ts';
import { chooseNext, type NextBoot } from './choose-next.ts';
import { coreImageEndLba, coreImageLba } from './core-image-place.ts';
import { unlessDamaged } from './damage.ts';
import { imagePartition, imagePartitions, isBankPartition } from './image-partitions.ts';
import {
  type CoredumpReport,
  inspectCoredump,
  inspectLoader,
  inspectStore,
  type StoreReport,
} from './inspect-partitions.ts';
import { type Bank, readBank } from './read-banks.ts';

export interface ImageReport extends NextBoot {
  /** Bytes of the disk, as its partition table has it. */
  readonly size: number;
  /** Bytes that are there; less than `size` in a truncated image. */
  readonly present: number;
  readonly diskGuid: string;
  /** In the order of their numbers. */
  readonly partitions: readonly GptPartition[];
  readonly banks: readonly Bank[];
  readonly coredump: CoredumpReport | null;
  readonly store: StoreReport | null;
  /** Everything that is not as it should be, those of the banks too. */
  readonly findings: readonly Finding[];
}

/**
 * All that can be told of an image without starting it, with every hash of both banks checked. Damage is
 * a finding; throws (kind `corrupt`) only what `readGpt` throws where neither copy of the table can be
 * read, and `image.foreign` for a disk without a bank.
 */
export async function inspectImage(
  device: BlockDevice,
  options: { report?: Report; signal?: AbortSignal } = {},
): Promise<ImageReport> {
  const { report = silent, signal } = options;
  const findings: Finding[] = [];
  const size = Math.max(device.size, sizeByGpt(device) ?? 0);
  const disk = size > device.size ? truncatedDevice(device, size) : device;
  const gpt = assertTwinbankDisk(disk);
  if (disk !== device) {
    const message = `expected ${size} bytes, as the partition table says, found ${device.size}: the image is cut short`;
    findings.push({ severity: 'error', code: 'image.truncated', message });
  }
  // That the backup is missing from the end that is missing need not be said.
  findings.push(...gpt.findings.filter(({ code }) => code !== 'device.truncated'));
  findings.push(...startFindings(disk), ...layoutFindings(gpt));

  const banks: Bank[] = [];
  const digest = equalBytesDigest();
  let hashed = 0;
  const onRead = (bytes: number) => {
    hashed += bytes;
    report({ type: 'progress', task: 'check hashes', done: hashed, unit: 'bytes' });
  };
  for (const partition of gpt.partitions.filter(isBankPartition)) {
    signal?.throwIfAborted();
    banks.push(readBank(disk, partition, { onRead, digest }));
    // Reading is synchronous; only here a signal can be heard.
    await setImmediate();
  }
  signal?.throwIfAborted();
  findings.push(...banks.flatMap((bank) => bank.findings));
  const part = (number: number) => {
    const found = gpt.partitions.find((one) => one.number === number);
    return found && partitionDevice(disk, found);
  };
  const [loader, coredump, store] = [part(1), part(7), part(8)];
  if (loader) inspectLoader(loader, findings);
  return {
    size,
    present: device.size,
    diskGuid: gpt.diskGuid,
    partitions: gpt.partitions,
    banks,
    ...chooseNext(banks),
    coredump: coredump ? inspectCoredump(coredump, findings) : null,
    store: store ? inspectStore(store, findings) : null,
    findings,
  };
}

/**
 * Reads the table of a disk that is one of ours: a bank's partition has a bank's name or a bank's mark.
 * Throws as `readGpt` does, and `image.foreign`.
 */
export function assertTwinbankDisk(disk: BlockDevice): GptReading {
  const gpt = readGpt(disk);
  const ours = gpt.partitions.filter(isBankPartition).some((partition) => {
    if (partition.name === imagePartition(partition)?.name) return true;
    const mark = () => readBankMagic(sliceDevice(disk, partition.firstLba * 512, 1024));
    return unlessDamaged(mark, () => {}) !== undefined;
  });
  if (ours) return gpt;
  const names = gpt.partitions.map(({ number, name }) => `${number} ${JSON.stringify(name)}`);
  throw new TwinbankError(
    'corrupt',
    'image.foreign',
    `expected a twinbank image with banks in partitions 5 and 6, found a disk with ${
      names.length === 0 ? 'no partitions' : `partitions ${names.slice(0, 8).join(', ')}`
    }`,
  );
}

/** What cannot be started without it. */
const mbrLosses: Readonly<Record<string, string>> = {
  'mbr.signature': ': a BIOS cannot start it',
  'mbr.not-protective': ': UEFI cannot start it',
};

/** What a BIOS starts: LBA 0 and, from the first sector of its area on, the core image. */
function startFindings(disk: BlockDevice): Finding[] {
  const findings: Finding[] = [];
  const fail = (code: string, message: string) =>
    findings.push({ severity: 'error', code, message: `${message}${mbrLosses[code] ?? ''}` });
  const mbr = unlessDamaged(() => readProtectiveMbr(disk), fail);
  findings.push(...(mbr?.findings ?? []));
  if (mbr && !mbr.bootCode.some((byte) => byte !== 0)) {
    fail('mbr.no-boot-code', 'LBA 0: expected boot code, found none: a BIOS cannot start it');
  }
  if (unlessDamaged(() => hasCoreImage(disk), fail) === false) {
    const message = `LBA ${coreImageLba}: expected a core image, found zeros: a BIOS cannot start it`;
    fail('loader.no-core-image', message);
  }
  return findings;
}

/** Its first sector says how many follow (u16 at 0x1fc); neither it nor all of the others may be zero. */
function hasCoreImage(disk: BlockDevice): boolean {
  const some = (bytes: Uint8Array) => bytes.some((byte) => byte !== 0);
  const first = Buffer.from(disk.read(coreImageLba * 512, 512));
  const sectors = Math.min(first.readUInt16LE(0x1fc), coreImageEndLba - coreImageLba - 1);
  return some(first) && some(disk.read((coreImageLba + 1) * 512, sectors * 512));
}

function layoutFindings(gpt: GptReading): Finding[] {
  return imagePartitions.flatMap(({ number, name, type, without }): Finding[] => {
    const found = gpt.partitions.find((one) => one.number === number);
    if (!found) {
      const message = `partition ${number} (${name}): found none: ${without}`;
      return [{ severity: 'error', code: 'image.partition-missing', message }];
    }
    const place = `partition ${number}: expected`;
    const warn = (code: string, what: string): Finding[] => [
      { severity: 'warning', code, message: `${place} ${what}` },
    ];
    return [
      ...(found.name === name
        ? []
        : warn('image.partition-name', `the name ${name}, found ${JSON.stringify(found.name)}`)),
      ...(found.type === type
        ? []
        : warn('image.partition-type', `type ${type}, found ${found.type}`)),
    ];
  });
}
