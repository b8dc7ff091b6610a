import { type CallGroup, rulesOf } from './call-groups.ts';
import { compileFilter } from './compile-filter.ts';
import { encodeProgram } from './instruction.ts';

/** What of an agent's row decides on its filter. */
export interface FilterRow {
  /** What its world may ask the kernel for beside what every world may. */
  readonly seccomp?: readonly Exclude<CallGroup, 'network' | 'capabilities' | 'time'>[];
  /** Its world may connect to others; without it, it has no network but the sockets that are handed over to it. */
  readonly network?: 'outgoing';
  /** Rights of root's that its processes keep (capabilities(7)), and no others. */
  readonly capabilities?: readonly Capability[];
}

/** CAP_SYS_TIME sets the clock. */
export type Capability = 'sys_time';
const callsOf: Readonly<Record<Capability, CallGroup>> = { sys_time: 'time' };

/** The filter of an agent's world, as bwrap reads it ({@link encodeProgram}). */
export function agentFilter({ seccomp = [], network, capabilities }: FilterRow): Uint8Array {
  const groups: readonly CallGroup[] = [
    ...seccomp,
    ...(network ? ['network' as const] : []),
    ...(capabilities ? ['capabilities' as const, ...capabilities.map((one) => callsOf[one])] : []),
  ];
  return encodeProgram(compileFilter(rulesOf(groups)));
}
