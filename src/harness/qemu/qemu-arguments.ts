import { escapeComma } from './escape-comma.ts';
import { hardwareArguments } from './hardware.ts';
import type { MachineOptions } from './machine.ts';
import type { MachineFiles } from './machine-files.ts';

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
    `socket,id=${id},path=${escapeComma(path)}`,
  ];
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-machine', 'q35', '-vga', 'std'],
    ...chardev('console', files.console),
    ...['-serial', 'chardev:console'],
    ...chardev('qmp', files.qmp),
    ...['-mon', 'chardev=qmp,mode=control'],
    ...chardev('vmkd', files.vmkd),
    ...['-device', 'virtio-serial-pci'],
    ...['-device', 'virtserialport,id=vmkd,chardev=vmkd,name=org.twinbank.vmkd.0'],
    ...hardwareArguments({ ...options, accelerator }, files),
    ...driveArguments(options),
    ...options.extra,
  ];
}

function driveArguments({ image, format, write, writeLog }: MachineOptions): string[] {
  const keep = write ? 'snapshot=off' : 'snapshot=on';
  if (writeLog === undefined) {
    return ['-drive', `file=${escapeComma(image)},format=${format},if=none,id=disk,${keep}`];
  }
  const disk = `file.driver=raw,file.file.driver=file,file.file.filename=${escapeComma(image)}`;
  const log = `log.driver=file,log.filename=${escapeComma(writeLog)},log-sector-size=512`;
  return ['-blockdev', `driver=blklogwrites,node-name=disk,${disk},${log}`];
}
