import { choice, integer, size } from '../../recipe/field.ts';
import {
  type AddedDisk,
  addedDiskArguments,
  addedDiskFile,
  addedDisksSchema,
} from './added-disks.ts';
import { type DiskType, diskTypes } from './disk-type.ts';
import { escapeComma } from './escape-comma.ts';
import { ovmfCode } from './machine-files.ts';
import type { MachineOption } from './machine-option.ts';

export const firmwares = ['bios', 'uefi'] as const;
export type Firmware = (typeof firmwares)[number];

/** Hardware watchdogs that QEMU has: a PCI card, and the one in the chipset. */
export const watchdogs = ['i6300esb', 'itco'] as const;
export type WatchdogType = (typeof watchdogs)[number];

/** `auto` takes the processor's own virtualisation where there is some. */
export const accelerators = ['auto', 'kvm', 'tcg'] as const;
export type Accelerator = (typeof accelerators)[number];

/** SMBIOS (DMTF DSP0134): values by QEMU's names, such as `{ 1: { manufacturer: 'ACME', product: 'X1' } }`. */
export type SmbiosValues = Readonly<Record<number, Readonly<Record<string, string>>>>;

const MiB = 2 ** 20;
/** In MiB. */
const memory = { least: 128, most: 64 * 1024 };

const diskDevices: Record<DiskType, readonly string[]> = {
  virtio: ['-device', 'virtio-blk-pci,drive=disk,bootindex=0'],
  ahci: ['-device', 'ide-hd,bus=ide.0,drive=disk,bootindex=0'],
  nvme: ['-device', 'nvme,serial=twinbank,drive=disk,bootindex=0'],
  usb: ['-device', 'qemu-xhci', '-device', 'usb-storage,drive=disk,bootindex=0'],
  // VMware's.
  pvscsi: ['-device', 'pvscsi', '-device', 'scsi-hd,drive=disk,bootindex=0'],
};

/** The chipset's watchdog is always there, and resets only when it is told that it may. */
const watchdogDevices: Record<WatchdogType, readonly string[]> = {
  i6300esb: ['-device', 'i6300esb'],
  itco: ['-global', 'ICH9-LPC.noreboot=false'],
};

/**
 * The hardware of a virtual machine, a row an option: the schema of scenarios, the flags of `boot`, the keys of snapshots and
 * QEMU's command line are all made of these rows, in this order (QEMU's in reverse: its devices keep their places on the bus).
 */
export const machineOptions = {
  firmware: {
    default: 'bios',
    scenario: { schema: choice(firmwares), meaning: 'Firmware; default bios' },
    flag: { choices: firmwares, help: "The machine's firmware" },
    args: (firmware, { firmwareVariables }) => {
      if (firmware === 'bios') return [];
      const code = `if=pflash,unit=0,format=raw,readonly=on,file=${ovmfCode}`;
      const variables = `if=pflash,unit=1,format=raw,file=${escapeComma(firmwareVariables)}`;
      return ['-drive', code, '-drive', variables];
    },
  } satisfies MachineOption<Firmware>,
  /** Blank disks behind the first one on the bus: firmware starts from that one alone. */
  disks: {
    default: [],
    scenario: {
      schema: addedDisksSchema(),
      meaning:
        'Blank disks beside it, each a size or { size, bus }; what a system writes to them stays there until the scenario is over',
    },
    args: (disks, { addedDisks }, { disk }) =>
      disks.flatMap(({ bus = disk }, index) => {
        const path = addedDiskFile(addedDisks, index + 1);
        return addedDiskArguments(index + 1, { path, format: 'qcow2', bus });
      }),
  } satisfies MachineOption<readonly AddedDisk[]>,
  disk: {
    default: 'virtio',
    scenario: { schema: choice(diskTypes), meaning: 'How the disk is attached; default virtio' },
    flag: { choices: diskTypes, help: 'How the disk is attached' },
    args: (type) => diskDevices[type],
  } satisfies MachineOption<DiskType>,
  /** Bytes. */
  memory: {
    default: 768 * MiB,
    scenario: {
      schema: size(memory.least * MiB, memory.most * MiB),
      meaning: 'Memory; default 768MiB',
    },
    flag: { type: 'number', unit: MiB, ...memory, help: 'MiB of memory' },
    args: (bytes) => ['-m', String(Math.round(bytes / MiB))],
  } satisfies MachineOption<number>,
  cpus: {
    default: 2,
    /**
     * There are as many machines as cores, so a second processor makes none faster; and QEMU 7.2 with two emulated ones
     * now and then starts a kernel that never gets past its first second (1 of 27 boots on a loaded host).
     */
    scenario: { schema: integer(1, 64), meaning: 'Processors; default 1', default: 1 },
    args: (count) => ['-smp', String(count)],
  } satisfies MachineOption<number>,
  /** QEMU's processor model: `max`, or `EPYC,+svm` for virtual machines inside. */
  cpu: {
    default: 'max',
    flag: { type: 'string', not: ['help', '?'], help: "QEMU's processor model" },
    args: (model) => ['-cpu', model],
  } satisfies MachineOption<string>,
  accelerator: {
    default: 'auto',
    flag: { choices: accelerators, help: 'Hardware virtualisation or emulation' },
    /**
     * One thread emulates all processors: with a thread for each, one of 27 boots on a loaded host stalled in the kernel's
     * first second (QEMU 7.2), before any watchdog is armed. Side by side on 2 busy cores both take the same time (55 s, 3
     * boots each). `auto` has become one of the others (accelerator.ts).
     */
    args: (chosen) => ['-accel', chosen === 'kvm' ? 'kvm' : 'tcg,thread=single'],
  } satisfies MachineOption<Accelerator>,
  watchdog: {
    default: 'i6300esb',
    scenario: { schema: choice(watchdogs), meaning: 'Hardware watchdog' },
    args: (type) => [...watchdogDevices[type], '-watchdog-action', 'reset'],
  } satisfies MachineOption<WatchdogType>,
  /**
   * Further networks of QEMU's own, each with a card and a DHCP server: 10.0.3.0/24, 10.0.4.0/24… (the first is 10.0.2.0/24). Their
   * cards stand behind the first one on the bus.
   */
  networks: {
    default: 1,
    scenario: {
      schema: integer(1, 8),
      meaning: 'Networks, each with a card and a DHCP server of its own; default 1',
    },
    args: (count) =>
      Array.from({ length: count - 1 }, (_, more) => more + 2).flatMap((number) => [
        ...['-netdev', `user,id=net${number},net=10.0.${number + 1}.0/24`],
        ...['-device', `virtio-net-pci,netdev=net${number},romfile=`],
      ]),
  } satisfies MachineOption<number>,
  /** A card on QEMU's own network, which has a DHCP server. */
  network: {
    default: true,
    args: (card) =>
      card ? ['-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net,romfile='] : [],
  } satisfies MachineOption<boolean>,
  smbios: {
    default: {},
    args: (tables) =>
      Object.entries(tables).flatMap(([type, values]) => {
        const pairs = Object.entries(values).map(
          ([name, value]) => `${name}=${escapeComma(value)}`,
        );
        return ['-smbios', [`type=${type}`, ...pairs].join(',')];
      }),
  } satisfies MachineOption<SmbiosValues>,
};
