import { bindFault } from '../faults/bind-faults.ts';
import type { Fault, NamedFault } from '../faults/fault.ts';
import { withDiskFile } from '../machine/disk-file.ts';
import { simDisk } from './sim-disk.ts';

/** As `bindFault`, on the disk of a machine that is off: the simulator knows what its loader would do. */
export function bindOnDisk(
  path: string,
  fault: NamedFault,
  others: readonly Fault[],
): Promise<Fault> {
  const writable = fault.effect.on === 'disk';
  return withDiskFile(path, writable, (device) => bindFault(fault, simDisk(device), others));
}
