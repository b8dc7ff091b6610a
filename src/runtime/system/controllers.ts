import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { matches } from './driver-match.ts';
import { namesIn, textOf } from './sys-files.ts';

/** A device by which disks or networks are reached. */
export interface Controller {
  readonly leadsTo: 'disk' | 'network';
  /** What it is and how it is known, for people: `disk controller PCI 15ad:07c0 at 0000:03:00.0`. */
  readonly title: string;
  readonly hasDriver: boolean;
}

/**
 * By modalias (Linux, scripts/mod/file2alias.c): the classes of PCI (PCI Code and ID Assignment 1.11), the device numbers of
 * virtio 1.1, and the GUIDs of Hyper-V's bus (include/linux/hyperv.h), whose first three parts are little-endian there.
 */
const rows: readonly (readonly [pattern: string, leadsTo: Controller['leadsTo'], what: string])[] =
  [
    ['pci:*bc01sc*', 'disk', 'disk controller'],
    ['pci:*bc0Csc03*', 'disk', 'USB controller'],
    ['pci:*bc02sc*', 'network', 'network card'],
    ['virtio:d00000002v*', 'disk', 'virtio disk'],
    ['virtio:d00000008v*', 'disk', 'virtio SCSI controller'],
    ['virtio:d00000001v*', 'network', 'virtio network card'],
    ['vmbus:d96361baa104294db60572e2ffb1dc7f', 'disk', 'Hyper-V SCSI controller'],
    ['vmbus:32264132cb86a2449b5c50d1417354f5', 'disk', 'Hyper-V IDE disk'],
    ['vmbus:635161f83edfc546913ff2d2f965ed0e', 'network', 'Hyper-V network card'],
    // Behind it are all disks of a Generation 2 machine.
    ['acpi:VMBUS:*', 'disk', 'bus of Hyper-V'],
    ['xen:vbd', 'disk', 'Xen disk'],
    ['xen:vif', 'network', 'Xen network card'],
  ];

/** Every such device that the kernel has found, in the order of buses and names; one that goes away meanwhile is passed over. */
export function findControllers(sys = '/sys'): Controller[] {
  return namesIn(`${sys}/bus`).flatMap((bus) => {
    const folder = `${sys}/bus/${bus}/devices`;
    return namesIn(folder).flatMap((device) => {
      const modalias = textOf(join(folder, device, 'modalias'));
      const row = rows.find(([pattern]) => matches(pattern, modalias));
      if (row === undefined) return [];
      const [, leadsTo, what] = row;
      // A device that ACPI only tells of is driven where it really is.
      const hasDriver = ['driver', 'physical_node/driver'].some((link) =>
        existsSync(join(folder, device, link)),
      );
      return [{ leadsTo, title: `${what} ${nameOf(modalias, device)}`, hasDriver }];
    });
  });
}

/** Those of {@link findControllers} that nothing drives, or that there are none: half a sentence on why something is not found. */
export function missingDrivers(
  controllers: readonly Controller[],
  leadsTo: Controller['leadsTo'],
): string {
  const found = controllers.filter((one) => one.leadsTo === leadsTo);
  const missing = found.filter(({ hasDriver }) => !hasDriver).map(({ title }) => title);
  if (missing.length > 0) return `this bank has no driver for ${missing.join(', ')}`;
  const what = leadsTo === 'disk' ? 'disk controller' : 'network card';
  return found.length === 0 ? `no ${what} was found` : `every ${what} has a driver`;
}

/** Of PCI the numbers by which its drivers are looked up (`lspci -n`); elsewhere the device's own name says enough. */
function nameOf(modalias: string, device: string): string {
  const [, vendor, id] = /^pci:v0000([0-9A-F]{4})d0000([0-9A-F]{4})/.exec(modalias) ?? [];
  return vendor && id ? `PCI ${`${vendor}:${id}`.toLowerCase()} at ${device}` : device;
}
