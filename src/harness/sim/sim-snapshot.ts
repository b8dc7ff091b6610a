import type { History } from '../machine/machine-record.ts';
import type { MachineSnapshot } from '../machine/test-machine.ts';
import type { DiskLayer } from './sim-host-disk.ts';
import type { SimSystem } from './sim-system.ts';

/** A simulated machine as it was: its disk, its console, and the system of one that was on. */
export interface SimSnapshot extends MachineSnapshot {
  readonly layer: DiskLayer;
  readonly record: History;
  /** Of a machine that is on. */
  readonly running: { readonly system?: SimSystem } | undefined;
}

/** What a system that goes on changes of itself is the copy's own. */
export function copySystem(system: SimSystem): SimSystem {
  return { ...system, staged: new Map(system.staged) };
}
