import type { Agent } from './agent.ts';
import { cim } from './cim/agent.ts';
import { ntp } from './ntp/agent.ts';
import { syslog } from './syslog/agent.ts';

/** Every agent that a recipe can name; vmkd is none of them, it is what keeps them running. */
export const agents: readonly Agent[] = [syslog, cim, ntp];
