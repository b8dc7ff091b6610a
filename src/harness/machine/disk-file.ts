import type { BlockDevice } from '../../disk/block-device.ts';
import { openImage } from '../../disk/open-image.ts';
import { bindFault } from '../faults/bind-fault.ts';
import type { Fault, NamedFault } from '../faults/fault-text.ts';
import { simulatedDisk } from '../sim/sim-banks.ts';
import { readOnlyDevice } from './read-only-device.ts';

/** Opens the disk of a machine for as long as `use` takes. */
export async function withDiskFile<T>(
  path: string,
  writable: boolean,
  use: (device: BlockDevice) => T | Promise<T>,
): Promise<T> {
  const opened = openImage(path, { writable });
  try {
    return await use(writable ? opened.device : readOnlyDevice(opened.device));
  } finally {
    opened.close();
  }
}

/** As `bindFault`, on the disk of a machine that is off. */
export function bindOnDisk(
  path: string,
  fault: NamedFault,
  others: readonly Fault[],
): Promise<Fault> {
  const writable = fault.effect.on === 'disk';
  return withDiskFile(path, writable, (device) => bindFault(fault, simulatedDisk(device), others));
}
