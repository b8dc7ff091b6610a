import { readBankBootCfg } from '../../bootloader/bank-contents.ts';
import { bankFiles } from '../../bootloader/bank-volume.ts';
import { unlessDamaged } from '../../bootloader/damage.ts';
import { imagePartition } from '../../bootloader/image-partitions.ts';
import { bootx64Path } from '../../bootloader/loader-parts.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import { openFat } from '../../disk/fat/volume.ts';
import { readGpt } from '../../disk/gpt.ts';
import { partitionDevice } from '../../disk/partition-device.ts';
import { parseConsoleLine } from '../../protocol/parse-console-line.ts';
import type { ConsoleLine } from '../console/console-log.ts';

/** What the loader says of itself before it starts a kernel. */
const loaderEvents = [
  'loader',
  'bank',
  'marks-written',
  'marks-not-written',
  'verifying',
  'refused',
];
/** It hands over. UEFI's stub may have a word after it, which is none of the kernel's. */
const handOverEvents = ['booting', 'starting-kernel'];

/**
 * Why a boot that took too long said nothing, as far as its disk tells: a clause, or undefined where somebody who was
 * started had a word. `lines` are those of this boot.
 */
export function silentBootHint(
  lines: readonly ConsoleLine[],
  disk: BlockDevice | undefined,
): string | undefined {
  const events = lines.map(({ text }) => parseConsoleLine(text));
  const handedOver = events.findLastIndex((event) => event && handOverEvents.includes(event.type));
  if (handedOver < 0) {
    const isLoader = events.some((event) => event && loaderEvents.includes(event.type));
    const isOther = events.some((event) => event && event.type !== 'text');
    return isLoader || isOther ? undefined : noLoaderHint(disk);
  }
  const spoke = lines.some(
    ({ text }, at) => at > handedOver && (events[at] !== undefined || isKernelLine(text)),
  );
  const event = events[handedOver];
  if (spoke || !event || !('bank' in event) || event.bank === null) return undefined;
  return noKernelHint(event.bank, disk);
}

/** With the time that the kernel puts before what it says itself. */
function isKernelLine(text: string): boolean {
  return /^\s*\[ *\d+\.\d{6}\]/.test(text);
}

function noKernelHint(bank: number, disk: BlockDevice | undefined): string {
  const options =
    disk &&
    unlessDamaged(
      () => kernelOptions(disk, bank),
      () => {},
    );
  const started = `the loader started bank ${bank}, and its kernel said nothing`;
  if (options === undefined) return `${started}: its kernel options may lack console=ttyS0`;
  const consoles = options.filter((word) => word.startsWith('console='));
  const serial = consoles.filter((word) => /^console=ttyS\d/.test(word));
  if (serial.length > 0) {
    return `${started}, though its options have ${serial.join(' ')}: it hangs early, the machine is slow, or its serial line is another one`;
  }
  const found = consoles.length > 0 ? `only ${consoles.join(' ')}` : 'no console= at all';
  return `${started}: its kernel options have ${found}, so the serial line stays empty; add console=ttyS0,115200n8 to kernel.options of the recipe`;
}

/** The words that the loader gives to the kernel of a bank. */
function kernelOptions(disk: BlockDevice, bank: number): string[] | undefined {
  const place = readGpt(disk).partitions.find(({ number }) => number === bank);
  if (!place) return undefined;
  const device = partitionDevice(disk, place);
  const bootCfg = readBankBootCfg(bankFiles(openFat(device), device));
  return bootCfg.ok ? bootCfg.cfg.kernelopt.split(/\s+/).filter(Boolean) : undefined;
}

function noLoaderHint(disk: BlockDevice | undefined): string {
  const nothing = 'no loader said anything';
  if (!disk) {
    return `${nothing}: the firmware found no disk to start from, or the serial line is another one`;
  }
  const missing = [
    ...(hasBootCode(disk) ? [] : ['no boot code in LBA 0, from which BIOS starts']),
    ...(hasBootx64(disk) ? [] : [`no ${bootx64Path}, from which UEFI starts`]),
  ];
  if (missing.length > 0) return `${nothing}: the disk has ${missing.join(' and ')}`;
  return `${nothing}, though the disk has one for BIOS and one for UEFI: the firmware has no driver for this disk controller, or the serial line is another one`;
}

/** Boot code, and the signature without which no BIOS starts it. */
function hasBootCode(disk: BlockDevice): boolean {
  const sector = disk.read(0, 512);
  return (
    sector.subarray(0, 440).some((byte) => byte !== 0) &&
    sector[510] === 0x55 &&
    sector[511] === 0xaa
  );
}

function hasBootx64(disk: BlockDevice): boolean {
  const found = unlessDamaged(
    () => {
      const place = readGpt(disk).partitions.find((one) => imagePartition(one)?.role === 'loader');
      return place && openFat(partitionDevice(disk, place)).stat(bootx64Path);
    },
    () => {},
  );
  return found !== undefined;
}
