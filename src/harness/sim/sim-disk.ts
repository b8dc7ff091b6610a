import { checkBank } from '../../bootloader/bank-contents.ts';
import type { BankEnv } from '../../bootloader/bank-env.ts';
import { bankFiles } from '../../bootloader/bank-volume.ts';
import { type BootCfgReading, readBootCfg } from '../../bootloader/boot-cfg.ts';
import { unlessDamaged } from '../../bootloader/damage.ts';
import { isBankPartition } from '../../bootloader/image-partitions.ts';
import { type LoaderBank, loaderIo } from '../../bootloader/loader-io.ts';
import type { BankFacts, BankIo } from '../../bootloader/selection.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import type { Extent } from '../../disk/extents.ts';
import { readExtents, writeExtents } from '../../disk/fat/file-data.ts';
import { openFat } from '../../disk/fat/volume.ts';
import { readGpt } from '../../disk/gpt.ts';
import type { GptPartition } from '../../disk/gpt-entry.ts';
import { type MemoDevice, memoDevice } from '../../disk/memo-device.ts';
import { partitionDevice } from '../../disk/partition-device.ts';
import { type Medium, medium } from '../faults/medium.ts';

/** A host's disk for the simulator: its real bytes, and what is known of them. */
export interface SimDisk {
  /** Everything that is written to the disk goes through it, so that nothing known of it is stale. */
  readonly device: MemoDevice;
  /** What can fail beneath. */
  readonly medium: Medium;
  readonly banks: readonly SimBank[];
  /** What the loader finds when it starts now, and its ways to the banks. */
  loader(): { facts: BankFacts[]; io: BankIo };
}

export interface SimBank {
  /** GPT partition number. */
  readonly partition: number;
  readonly device: BlockDevice;
  /** Where boot.cfg is in `device`; undefined where there is none that can be read. */
  bootCfg(): readonly Extent[] | undefined;
  /** What boot.cfg says now. */
  readBootCfg(): BootCfgReading;
}

/** Throws as `readGpt` does. A bank whose volume cannot be read is one that the loader finds malformed. */
export function simDisk(disk: BlockDevice): SimDisk {
  const switches = medium(disk);
  const device = memoDevice(switches);
  const places = readGpt(device).partitions.filter(isBankPartition);
  const read = rememberReadings();
  const banks = places.map((place) => simBank(device, place, read));
  const loaderBanks = banks.map(loaderBank);
  const readings = (partition: number): BootCfgReading =>
    banks.find((bank) => bank.partition === partition)?.readBootCfg() ??
    readBootCfg(new Uint8Array());
  return {
    device,
    medium: switches,
    banks,
    loader() {
      const { facts, io } = loaderIo(loaderBanks, ({ partition }) => readings(partition));
      const verify = (partition: number): string | undefined => {
        const place = places.find(({ number }) => number === partition);
        const reading = facts.find((bank) => bank.partition === partition)?.bootCfg;
        if (!place || !reading?.ok) return io.verify(partition);
        // Not the marks, which every boot changes: the verdict does not depend on them.
        const { kernel, kernelopt, modules, build } = reading.cfg;
        const env: BankEnv = { kernel, kernelopt, modules, build };
        const key = `verify ${partition} ${kernel} ${kernelopt} ${modules.join(' ')} ${build}`;
        return device.remember(key, (reader) => verifyBank(partitionDevice(reader, place), env));
      };
      return { facts, io: { write: io.write, verify } };
    },
  };
}

function verifyBank(partition: BlockDevice, env: BankEnv): string | undefined {
  let damage: string | undefined;
  const volume = unlessDamaged(
    () => openFat(partition),
    (_code, message) => {
      damage = message;
    },
  );
  return volume
    ? checkBank(bankFiles(volume, partition), env, { stopAtFirst: true }).problem
    : damage;
}

/** `readBootCfg` for bytes that come again and again: a host has few states. */
function rememberReadings(): (bytes: Uint8Array) => BootCfgReading {
  const known = new Map<string, BootCfgReading>();
  return (bytes) => {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    const reading = known.get(key) ?? readBootCfg(bytes);
    if (known.size > maxReadings) known.clear();
    known.set(key, reading);
    return reading;
  };
}

const maxReadings = 64;

function simBank(
  disk: MemoDevice,
  place: GptPartition,
  read: (bytes: Uint8Array) => BootCfgReading,
): SimBank {
  const locate = (reader: BlockDevice): Extent[] | undefined => {
    const volume = openFat(partitionDevice(reader, place));
    const entry = volume.stat('boot.cfg');
    return entry && !entry.directory ? volume.extents('boot.cfg') : undefined;
  };
  const device = partitionDevice(disk, place);
  // Remembered, as no mark moves it; what it holds is read anew each time.
  const bootCfg = () =>
    disk.remember(`boot.cfg ${place.number}`, (reader) =>
      unlessDamaged(
        () => locate(reader),
        () => {},
      ),
    );
  const bytes = () => {
    const extents = bootCfg();
    return (
      extents &&
      unlessDamaged(
        () => readExtents(device, extents),
        () => {},
      )
    );
  };
  return {
    partition: place.number,
    device,
    bootCfg,
    readBootCfg: () => read(bytes() ?? new Uint8Array()),
  };
}

function loaderBank({ partition, device, bootCfg }: SimBank): LoaderBank {
  return {
    partition,
    read(path) {
      if (path !== 'boot.cfg') return openFat(device).read(path);
      const extents = bootCfg();
      return extents && readExtents(device, extents);
    },
    writeBootCfg(bytes) {
      writeExtents(device, bootCfg() ?? [], bytes);
    },
  };
}
