import { availableParallelism } from 'node:os';
import type { MachineKind } from '../faults/engine.ts';
import type { PlannedRun } from '../scenario/read-scenario.ts';

/** What QEMU itself takes beside the machine's memory, in bytes: emulated code, the screen, its own. */
const qemuBytes = 300 * 2 ** 20;

/** So much of the memory that is free may be taken. */
const share = 0.8;

/**
 * How many machines may run at once: one QEMU a core at most, as far as their memory goes; a rig is one machine; simulated ones
 * share the process, and more than one only lets one build while another plays.
 */
export function machinesAtOnce(
  kind: MachineKind,
  runs: readonly PlannedRun[],
  host = { cores: availableParallelism(), freeBytes: process.availableMemory() },
): number {
  if (kind === 'command') return 1;
  if (kind === 'sim') return Math.min(2, host.cores);
  const largest = Math.max(...runs.map(({ machine }) => machine.memory), 0);
  const fitting = Math.floor((host.freeBytes * share) / (largest + qemuBytes));
  return Math.max(1, Math.min(host.cores, fitting));
}
