import type { LiveFault } from '../machine/test-machine.ts';
import { firstBank, type SimulatedDisk } from '../sim/sim-banks.ts';
import { damageDisk } from '../sim/sim-boot.ts';
import { bindFaults, type Fault, type NamedFault } from './fault-text.ts';

export function isLive(fault: NamedFault | LiveFault): fault is LiveFault {
  return 'live' in fault;
}

/**
 * Binds a fault to a machine's disk, beside those that it has, and does the damage that it is about. Throws
 * `usage.fault`.
 */
export function bindFault(fault: NamedFault, disk: SimulatedDisk, others: readonly Fault[]): Fault {
  const banks = disk.banks.map(({ partition }) => partition);
  const [bound] = bindFaults([fault], { banks, first: firstBank(disk) }, others);
  if (!bound) throw new Error('one fault was given and none came back');
  damageDisk(disk.device, [bound]);
  return bound;
}

/** Whether two live faults are the same one. */
export function sameFault(one: LiveFault, other: LiveFault): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
