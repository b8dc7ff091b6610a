import { type CallGroup, rulesOf } from './call-groups.ts';
import { compileFilter } from './compile-filter.ts';
import { encodeProgram } from './instruction.ts';

/** What of an agent's row decides on its filter. */
export interface FilterRow {
  /** What its world may ask the kernel for beside what every world may. */
  readonly seccomp?: readonly Exclude<CallGroup, 'network'>[];
  /** Its world may connect to others; without it, it has no network but the sockets that are handed over to it. */
  readonly network?: 'outgoing';
}

/** The filter of an agent's world, as bwrap reads it ({@link encodeProgram}). */
export function agentFilter({ seccomp = [], network }: FilterRow): Uint8Array {
  const groups: readonly CallGroup[] = network ? [...seccomp, 'network'] : seccomp;
  return encodeProgram(compileFilter(rulesOf(groups)));
}
