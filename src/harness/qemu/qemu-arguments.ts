import { join } from 'node:path';
import type { DiskType, MachineOptions, WatchdogType } from './machine.ts';

/** Where a machine's sockets and its copy of the firmware's variables are. */
export interface MachineFiles {
  readonly folder: string;
  readonly console: string;
  readonly qmp: string;
  readonly vmkd: string;
  readonly firmwareVariables: string;
}

export function machineFiles(folder: string, firmwareVariables?: string): MachineFiles {
  return {
    folder,
    console: join(folder, 'console.sock'),
    qmp: join(folder, 'qmp.sock'),
    vmkd: join(folder, 'vmkd.sock'),
    firmwareVariables: firmwareVariables ?? join(folder, 'vars.fd'),
  };
}

/** Debian's builds of OVMF: the program, and what a new machine's variables are copied from. */
export const ovmfCode = '/usr/share/OVMF/OVMF_CODE_4M.fd';
export const ovmfVariables = '/usr/share/OVMF/OVMF_VARS_4M.fd';

const network = ['-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net,romfile='];

/**
 * One thread emulates all processors: with a thread for each, one of 27 boots on a loaded host stalled in the kernel's first
 * second (QEMU 7.2), before any watchdog is armed. Side by side on 2 busy cores both take the same time (55 s, 3 boots each).
 */
const accelerators = { kvm: 'kvm', tcg: 'tcg,thread=single' };

/** The chipset's watchdog is always there, and resets only when it is told that it may. */
const watchdogDevices: Record<WatchdogType, readonly string[]> = {
  i6300esb: ['-device', 'i6300esb'],
  itco: ['-global', 'ICH9-LPC.noreboot=false'],
};

const diskDevices: Record<DiskType, readonly string[]> = {
  virtio: ['-device', 'virtio-blk-pci,drive=disk,bootindex=0'],
  ahci: ['-device', 'ide-hd,bus=ide.0,drive=disk,bootindex=0'],
  nvme: ['-device', 'nvme,serial=twinbank,drive=disk,bootindex=0'],
  usb: ['-device', 'qemu-xhci', '-device', 'usb-storage,drive=disk,bootindex=0'],
};

/**
 * QEMU's command line for a machine. QEMU connects to our sockets, so that not a byte of the console is
 * lost.
 */
export function qemuArguments(
  options: MachineOptions,
  files: MachineFiles,
  accelerator: 'kvm' | 'tcg',
): string[] {
  const chardev = (id: string, path: string): string[] => [
    '-chardev',
    `socket,id=${id},path=${escaped(path)}`,
  ];
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-machine', 'q35', '-accel', accelerators[accelerator], '-cpu', options.cpu],
    ...['-smp', String(options.cpus), '-m', String(options.memoryMiB)],
    ...(options.firmware === 'uefi' ? uefi(files) : []),
    ...['-vga', 'std'],
    ...chardev('console', files.console),
    ...['-serial', 'chardev:console'],
    ...chardev('qmp', files.qmp),
    ...['-mon', 'chardev=qmp,mode=control'],
    ...chardev('vmkd', files.vmkd),
    ...['-device', 'virtio-serial-pci'],
    ...['-device', 'virtserialport,chardev=vmkd,name=org.twinbank.vmkd.0'],
    ...(options.network ? network : []),
    ...watchdogDevices[options.watchdog],
    ...['-watchdog-action', 'reset'],
    ...driveArguments(options),
    ...diskDevices[options.disk],
    ...options.extra,
  ];
}

/** In a list of QEMU's options a comma is written twice. */
function escaped(path: string): string {
  return path.replaceAll(',', ',,');
}

function driveArguments({ image, format, write, writeLog }: MachineOptions): string[] {
  const keep = write ? 'snapshot=off' : 'snapshot=on';
  if (writeLog === undefined) {
    return ['-drive', `file=${escaped(image)},format=${format},if=none,id=disk,${keep}`];
  }
  const disk = `file.driver=raw,file.file.driver=file,file.file.filename=${escaped(image)}`;
  const log = `log.driver=file,log.filename=${escaped(writeLog)},log-sector-size=512`;
  return ['-blockdev', `driver=blklogwrites,node-name=disk,${disk},${log}`];
}

function uefi({ firmwareVariables }: MachineFiles): string[] {
  return [
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${ovmfCode}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${escaped(firmwareVariables)}`],
  ];
}
